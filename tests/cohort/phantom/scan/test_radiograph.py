import numpy as np
import pytest

from drasclr_core.cohort.phantom.scan.radiograph import WATER_PER_CM, film, radiograph
from drasclr_core.imaging.volume import Volume


def test_ten_centimetres_of_water_pass_what_the_law_says():
    array = np.full((4, 60, 5), -1000, np.float32)
    array[:, 5:55] = 0
    passed = radiograph(Volume(array, np.diag([2.0, 2.0, 2.0, 1.0])))
    assert passed.shape == (5, 4)
    np.testing.assert_allclose(passed, np.exp(-WATER_PER_CM * 10), rtol=1e-5)


def test_it_hangs_as_radiologists_hang_it(phantom):
    """Head on top, the subject's right on the left side: the heart, which lies to the left, on the right."""
    made = phantom()
    passed = radiograph(made.volume)
    lungs = (made.truth["lungs"] > 0).any(axis=1).T[::-1, ::-1]
    assert passed.shape == (made.volume.array.shape[2], made.volume.array.shape[0])
    rows = np.flatnonzero(lungs.any(axis=1))
    half = slice(rows[len(rows) // 2], rows[-1])
    columns = lungs[half].sum(axis=0)
    middle = lungs.shape[1] // 2
    assert columns[:middle].sum() > columns[middle:].sum()
    bright = film(passed)
    assert bright.min() == 0 and bright.max() == 1
    heart = (made.truth["organs"] == 1).sum(axis=1).T[::-1, ::-1] * made.volume.spacing[1] > 40
    assert bright[heart].mean() > bright[lungs & ~heart].mean()


def test_emphysema_lets_more_through(phantom):
    ill, well = phantom(panlobular=0.25), phantom()
    lungs = (well.truth["lungs"] > 0).sum(axis=1).T[::-1, ::-1] > 25
    assert radiograph(ill.volume)[lungs].mean() > 1.02 * radiograph(well.volume)[lungs].mean()


@pytest.mark.parametrize(("degrees", "axis"), [(0, 1), (90, 0)])
def test_from_the_back_and_from_the_side_attenuation_is_summed_along_the_beams(phantom, degrees, axis):
    volume = phantom().volume
    passed = radiograph(volume, degrees)
    per_cm = WATER_PER_CM * (volume.array + 1000).clip(0) / 1000
    summed = np.exp(-per_cm.sum(axis=axis, dtype=np.float64) * volume.spacing[axis] / 10)
    np.testing.assert_allclose(passed, summed.T[::-1, ::-1], rtol=1e-4)
    assert passed.dtype == np.float32 and 0 <= passed.min() < passed.max() <= 1
