"""Shares are of the lung in the patch; where there is hardly any, nothing is said."""

import numpy as np

from drasclr_core.represent.local.measures import lung_histograms
from drasclr_core.represent.local.shares import LEAST_LUNG, lung_shares


def test_a_share_is_of_the_lung_in_the_patch():
    lungs = np.zeros((20, 20, 20), np.uint8)
    lungs[:10] = 1
    ill = np.zeros_like(lungs, dtype=bool)
    ill[5:10] = True
    ill[10:] = True  # outside the lungs: not counted
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = [-7, 3, 11]
    centres = np.array([[7.5, 10, 10], [9.5, 10, 10], [14.5, 10, 10], [40, 40, 40]]) @ affine[:3, :3] + affine[:3, 3]
    shares = lung_shares({"ill": ill, "all": lungs}, lungs, affine, centres, 4)
    np.testing.assert_allclose(shares["ill"], [100, 100, np.nan, np.nan])  # voxels 6-9, 8-11, no lung, outside
    centres = np.array([[4.5, 10, 10]]) * 2 + affine[:3, 3]
    np.testing.assert_allclose(lung_shares({"ill": ill}, lungs, affine, centres, 4)["ill"], [50])  # voxels 3 to 6
    assert np.isnan(shares["all"][2:]).all() and (shares["all"][:2] == 100).all()


def test_densities_are_those_of_the_lung_alone():
    patches = np.full((3, 4, 4, 4), 40, np.int16)
    lungs = np.zeros(patches.shape, bool)
    patches[:2, :2], lungs[:2, :2] = -900, True
    patches[0, 0] = -980
    lungs[2, 0, 0, 0] = True  # less than the least
    laa, histogram = lung_histograms(patches, lungs)
    np.testing.assert_allclose(laa, [50, 0, np.nan])
    np.testing.assert_allclose((histogram[:2] ** 2).sum(axis=1), 1, rtol=1e-5)
    assert np.isnan(histogram[2]).all() and LEAST_LUNG > 1 / 64
    assert np.count_nonzero(histogram[0]) == 2 and np.count_nonzero(histogram[1]) == 1, "the chest wall does not count"
