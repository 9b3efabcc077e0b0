"""The lumen of bronchi is taken out of the lungs, emphysema and lung tissue are not."""

import numpy as np
import pytest

from drasclr_core.anatomy.lungs import LEFT, bronchial_lumen, without_bronchi
from drasclr_core.imaging.volume import Volume

from .test_lungs import grid, toy_chest

SPACING = 2.0


@pytest.fixture(scope="module")
def chest():
    """A toy chest with a bronchus of 8 mm that enters the left lung, and emphysema without a wall beside it."""
    volume, truth = toy_chest(SPACING)
    x, y, z = grid(SPACING)
    across = np.hypot(y - 10, z - 20 + np.abs(x) * 0.8)
    along = (x < -5) & (x > -60)
    wall, lumen = along & (across < 7) & (truth > 0), along & (across < 4)
    emphysema = (np.abs(x + 80) < 12) & (np.abs(y) < 20) & (np.abs(z + 20) < 20)
    array = volume.array.copy()
    array[wall] = -300
    array[lumen] = -1000
    array[emphysema] = -975
    return Volume(array, volume.affine), truth, lumen & (truth > 0), emphysema & (truth > 0)


def test_a_bronchus_is_followed_and_emphysema_is_not(chest):
    volume, truth, lumen, emphysema = chest
    found = bronchial_lumen(volume, truth)
    assert found[lumen].mean() > 0.8 and found[emphysema].mean() < 0.01
    assert found[(truth > 0) & ~lumen].mean() < 0.001
    rest = without_bronchi(volume, truth)
    assert rest.dtype == truth.dtype and not rest[found].any() and (rest[~found] == truth[~found]).all()
    assert (rest == LEFT).sum() == (truth == LEFT).sum() - (found & (truth == LEFT)).sum()


def test_fine_voxels_give_the_same(chest):
    volume, truth, _, _ = chest
    fine = Volume(volume.array.repeat(2, 0).repeat(2, 1).repeat(2, 2), volume.affine @ np.diag([0.5, 0.5, 0.5, 1]))
    twice = truth.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    np.testing.assert_array_equal(bronchial_lumen(fine, twice)[::2, ::2, ::2], bronchial_lumen(volume, truth))


def test_without_a_trachea_nothing_is_taken(chest):
    volume, truth, _, _ = chest
    lower = slice(0, volume.array.shape[2] // 3)
    found = bronchial_lumen(Volume(volume.array[:, :, lower], volume.affine), truth[:, :, lower])
    assert (
        not found.any() and not bronchial_lumen(Volume(np.full((8, 8, 8), 40.0), np.eye(4)), np.ones((8, 8, 8))).any()
    )
