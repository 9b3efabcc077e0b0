"""The rule of a quarter of the voxels, against fields made by hand and against a dense map."""

import numpy as np
import pandas as pd
import pytest
import torch

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.detect.boxes.patches import BoxPatches
from drasclr_core.detect.detector.detector import Detector
from drasclr_core.detect.readouts.low_attenuation import low_attenuation_voxels
from drasclr_core.detect.scoring.voxels import (
    box_is_positive,
    box_lattice,
    patch_corners,
    positive_share,
    voxel_shares,
)
from drasclr_core.imaging.volume import Volume
from drasclr_core.represent.dense import DenseOptions, dense_probability


def test_a_quarter_of_the_voxels_above_a_half():
    field = np.full((4, 4, 4), 0.5)  # 0.5 itself is not above
    field[:, :, 0] = 0.51
    assert positive_share(field.reshape(1, -1)) == [0.25] and box_is_positive(0.25)
    field[0, 0, 0] = 0.5
    assert not box_is_positive(positive_share(field.ravel()))


@pytest.mark.parametrize(
    ("size", "stride", "block", "points", "blocks"),
    [
        (16, 4, 8, 64, 8),
        (16, 6, 8, 27, 8),
        (8, 1, 1, 512, 512),
        (8, 3, 8, 27, 1),
        (16, 11, 16, 1, 1),
        (32, 4, 8, 512, 64),
    ],
)
def test_lattice_covers_the_box_evenly(size, stride, block, points, blocks):
    places, sizes = box_lattice(size, stride, block)
    assert len(places) == sum(sizes) == points and len(sizes) == blocks
    assert len(np.unique(places, axis=0)) == points and places.min() >= 0 and places.max() < size
    assert places.mean(axis=0) == pytest.approx([(size - 1) / 2] * 3), "the lattice leans to one side"
    np.testing.assert_array_equal(np.unique(places), np.unique(size - 1 - places))
    first = places[: sizes[0]]
    assert np.ptp(first, axis=0).max() < block


@pytest.mark.parametrize("stride", [4, 6, 8])
def test_patches_of_a_lattice_lie_evenly_about_the_box(stride):
    """With a stride of 6 voxels of 2 mm their middle was 3 mm off the box's on each axis, and so was what they saw."""
    places, _ = box_lattice(16, stride, 16)
    corners = patch_corners(places, 16)
    assert corners.min() >= 0 and (corners + 16).max() <= 32
    assert (corners + 7.5).mean(axis=0) == pytest.approx([15.5] * 3)
    voxels, _ = box_lattice(16, 1, 16)
    np.testing.assert_array_equal(patch_corners(voxels, 16) - voxels, np.full(voxels.shape, 1.0))


def test_a_box_with_a_hole_in_its_middle_is_seen_alike_from_all_sides(encoder):
    """Mirrored boxes have equal shares of voxels of which the patch is dark."""
    rng = np.random.default_rng(0)
    hu = rng.normal(-850, 30, (32, 32, 32)).astype(np.int16)
    hu[8:20, 8:20, 8:20] = -1000
    mirrored = np.stack([hu, hu[::-1, ::-1, ::-1]])
    table = pd.DataFrame({"sid": ["a", "b"], "subtype": ["healthy"] * 2})
    patches = BoxPatches(table, mirrored, np.zeros((2, 3)), np.zeros((2, 3, 3)), "")
    around = low_attenuation_voxels(patches, 6)
    np.testing.assert_allclose(np.sort(around(0).ravel()), np.sort(around(1).ravel()))


def test_equals_a_dense_map(encoder, monkeypatch):
    """Every voxel with its own kernels: the same probabilities as `dense_probability` in exact mode."""
    n, rng = 8, np.random.default_rng(0)
    array = rng.normal(-850, 60, (24, 24, 24)).astype(np.float32).round()
    volume = Volume(array, np.diag([4.0, 4.0, 4.0, 1.0]))
    matrix = np.diag([1.1, 0.9, 1.05, 1.0])
    matrix[:3, 3] = [2, -3, 1]
    to_atlas, box = np.linalg.inv(matrix), np.array([[-20.0, -20, -20], [120.0, 130, 110]])
    monkeypatch.setitem(encoder.description, "location_box_mm", box.tolist())
    detector = Detector(encoder).eval()
    torch.manual_seed(3)
    torch.nn.init.normal_(detector.head.weight, std=30)
    low = np.array([8, 7, 9])
    mask = np.zeros(array.shape, np.uint8)
    mask[tuple(slice(first, first + n) for first in low)] = 1
    scan = AlignedScan(volume, mask, to_atlas)
    dense = dense_probability(scan, encoder, detector.probability, options=DenseOptions(exact=True))
    expected = positive_share(dense.probability[mask > 0])
    assert 0.1 < expected < 0.9

    cube = array[tuple(slice(first - n // 2, first - n // 2 + 2 * n) for first in low)].astype(np.int16)
    scale = 2 / (box[1] - box[0])
    location = (scan.voxels_in_atlas(low + (n - 1) / 2) - box[0]) * scale - 1
    step = (to_atlas[:3, :3] * 4.0) * scale[:, None]
    table = pd.DataFrame({"sid": ["a"], "subtype": ["healthy"]})
    patches = BoxPatches(table, cube[None], location[None], step[None], "")
    heads = [detector.probability, lambda features: torch.ones(len(features))]
    exact = voxel_shares(encoder, heads, patches, np.array([0]), stride=1, block=1)
    assert exact[0].tolist() == pytest.approx([float(expected), 1.0], abs=0.003)
    coarse = voxel_shares(encoder, heads[:1], patches, np.array([0]), stride=2, block=4)
    assert coarse[0, 0] == pytest.approx(float(expected), abs=0.15)
