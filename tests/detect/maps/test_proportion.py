"""The error of a sampled share: by hand, against all lattices of a known mask, and where nothing can be said."""

import numpy as np
import pytest

from drasclr_core.detect.maps.proportion import lattice_errors, sampling_error


def test_all_lattices_of_a_known_mask():
    lungs = np.ones((4, 2, 2))
    mask = np.zeros((4, 2, 2))
    mask[0] = 1  # a quarter; of stride 2, lattices that start at x = 0 see one half, the others nothing
    np.testing.assert_allclose(sorted(lattice_errors(mask, lungs, 2)), [-0.25] * 4 + [0.25] * 4)
    assert (lattice_errors(mask, lungs, 1) == 0).all()
    lonely = np.zeros((4, 2, 2))
    lonely[1, 1, 1] = 1
    errors = lattice_errors(mask, lonely, 2)
    assert np.isnan(errors).sum() == 7 and np.nansum(errors) == 0


def test_error_by_hand():
    """Two of the eight lattices hold one point each, and they disagree: share 1/2, error 1/2."""
    assert sampling_error(np.array([[0, 0, 0], [1, 1, 1]]), np.array([True, False])) == pytest.approx(0.5)
    points = np.argwhere(np.ones((4, 4, 4)))
    assert sampling_error(points, np.ones(64, bool)) == 0
    assert np.isnan(sampling_error(np.array([[0, 0, 0], [2, 4, 6]]), np.array([True, False])))


def test_error_of_unrelated_voxels_is_binomial():
    rng = np.random.default_rng(0)
    points = np.argwhere(np.ones((10, 10, 10)))
    errors = [sampling_error(points, rng.random(1000) < 0.2) for _ in range(200)]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.sqrt(0.2 * 0.8 / 1000), rel=0.1)


def test_error_of_blobs_covers_the_true_one():
    """Smooth disease: what the lattice says of itself is no less than what all lattices show."""
    rng = np.random.default_rng(1)
    grid, lungs = np.moveaxis(np.indices((48, 48, 48)), 0, -1), np.ones((48, 48, 48))
    claimed, true = [], []
    for _ in range(8):
        centres, sizes = rng.uniform(0, 48, (6, 3)), rng.uniform(4, 9, 6)
        mask = sum(((grid - centre) ** 2).sum(-1) < size**2 for centre, size in zip(centres, sizes, strict=True)) > 0
        true.append(np.sqrt(np.mean(lattice_errors(mask, lungs, 4) ** 2)))
        points = np.argwhere(lungs[::4, ::4, ::4])
        claimed.append(sampling_error(points, mask[::4, ::4, ::4][tuple(points.T)]))
    assert np.mean(true) < np.mean(claimed) < 6 * np.mean(true)
