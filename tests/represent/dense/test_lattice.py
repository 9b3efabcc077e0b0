"""The lattice's points, cells and interpolation, on masks of any shape."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drasclr_core.represent.dense.lattice import Lattice, trilinear

masks = arrays(np.uint8, st.tuples(*[st.integers(1, 9)] * 3), elements=st.integers(0, 2)).filter(np.any)
strides = st.integers(1, 5)


def linear(points):
    return points @ np.array([0.3, -1.2, 0.7]) + 2


@settings(max_examples=50, deadline=None)
@given(masks, strides)
def test_every_lung_voxel_is_in_one_cell(mask, stride):
    lattice = Lattice(mask, stride)
    np.testing.assert_array_equal(np.argwhere(mask), lattice.points(np.flatnonzero(lattice.lungs)))
    cells = lattice.cells(stride)
    owned = lattice.interior(cells, stride).ravel()
    assert len(set(owned)) == len(owned)
    assert set(np.flatnonzero(lattice.lungs)) <= set(owned)
    assert set(cells) == {int(lattice.ids(v // stride * stride)) for v in np.argwhere(mask)}
    assert (lattice.points(lattice.corners(cells, stride).ravel()) % stride == 0).all()


@settings(max_examples=50, deadline=None)
@given(masks, strides)
def test_interpolation_is_exact_for_linear_functions(mask, stride):
    lattice = Lattice(mask, stride)
    if stride > 1:
        cells = lattice.cells(stride)
        at_corners = linear(lattice.points(lattice.corners(cells, stride)))
        inner = lattice.interior(cells, stride)
        np.testing.assert_allclose(trilinear(at_corners, stride), linear(lattice.points(inner)), atol=1e-9)
    voxels = np.flatnonzero(lattice.lungs)
    points, weights = lattice.neighbours(voxels)
    between = (weights * linear(lattice.points(points))).sum(axis=1)
    np.testing.assert_allclose(between, linear(lattice.points(voxels)), atol=1e-9)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert set(points.ravel()) <= set(lattice.corners(lattice.cells(stride), stride).ravel())


def test_interpolation_at_a_point_is_the_points_value():
    corners = np.random.default_rng(0).random((3, 5, 8))
    np.testing.assert_array_equal(trilinear(corners, 4)[..., 0], corners[..., 0])
    middle = trilinear(corners, 2)[..., -1]  # of a cell of edge 2, the last own voxel is its middle
    np.testing.assert_allclose(middle, corners.mean(axis=-1))


@settings(max_examples=50, deadline=None)
@given(masks, st.sampled_from([(4, 2), (4, 1), (6, 3), (6, 2), (9, 3)]), st.randoms(use_true_random=False))
def test_smaller_cells_lie_within_the_chosen_ones(mask, steps, random):
    stride, step = steps
    lattice = Lattice(mask, stride)
    cells = lattice.cells(stride)
    chosen = np.array(random.sample(cells.tolist(), max(1, len(cells) // 2)))
    inside = set(lattice.interior(chosen, stride).ravel())
    smaller = lattice.cells(step, chosen, stride)
    assert set(smaller) == set(lattice.cells(step)) & inside
