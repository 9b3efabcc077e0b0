"""Radiographs of a scan: the law of Beer and Lambert at every angle, and a detector that counts photons."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.cohort.images.projections import EXPOSURES, VIEWS, Exposure, detected, pictures
from drasclr_core.cohort.phantom import draw_traits, radiograph, simulate
from drasclr_core.cohort.phantom.scan.radiograph import WATER_PER_CM
from drasclr_core.imaging.volume import Volume

AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])


def water(shape=(24, 20, 6)) -> Volume:
    """A cylinder of water of 16 mm radius in air, with a bone on its left (low x) side."""
    x, y = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in shape[:2]), indexing="ij")
    array = np.where(np.hypot(x, y) <= 8, 0.0, -1000.0)
    array[np.hypot(x + 5, y) < 1.5] = 3000
    return Volume(np.repeat(array[..., None], shape[2], axis=2).astype(np.float32), AFFINE)


@settings(max_examples=25)
@given(st.floats(-180, 180))
def test_all_that_attenuates_is_in_every_view(degrees):
    volume = water()
    per_cm = WATER_PER_CM * (volume.array + 1000).clip(0) / 1000
    total = -np.log(radiograph(volume, degrees).astype(np.float64)).sum()
    assert total == pytest.approx(per_cm.sum() * 0.2, rel=1e-3)


def test_the_bone_goes_to_the_other_side_with_half_a_turn():
    there, back = radiograph(water(), 0), radiograph(water(), 180)
    np.testing.assert_allclose(there, back[:, ::-1], rtol=1e-4)
    assert there[3].argmin() > there.shape[1] / 2  # the subject's left is on the right of the picture


def test_the_detectors_noise_is_that_of_its_photons():
    passed, exposure = np.full((200, 200), 0.25, np.float32), Exposure("any", 1000.0, readout=5.0)
    seen = detected(passed, exposure, 4.0, np.random.default_rng(0))
    assert seen.mean() == pytest.approx(0.25, rel=0.01)
    assert seen.std() == pytest.approx(np.sqrt(0.25 * 4000 + 25 * 4) / 4000, rel=0.05)
    assert detected(np.zeros((5, 5), np.float32), exposure, 4.0, np.random.default_rng(0)).min() > 0


def test_every_view_with_every_exposure(phantom_volume):
    made = pictures(phantom_volume, np.random.default_rng(0))
    assert [one[:2] for one in made] == [(view.name, exposure.name) for view in VIEWS for exposure in EXPOSURES]
    for *_, image in made:
        assert image.dtype == np.float32 and image.min() == 0 and image.max() == 1
    full, low = made[0][2], made[1][2]
    grain = [np.abs(np.diff(image, axis=0)).mean() for image in (full, low)]
    assert grain[1] > 1.05 * grain[0]
    again = pictures(phantom_volume, np.random.default_rng(0))
    assert all((one[2] == other[2]).all() for one, other in zip(made, again, strict=True))


@pytest.fixture(scope="module")
def phantom_volume():
    return simulate(draw_traits(3), 3, 0, 4.0).volume
