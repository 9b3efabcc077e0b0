"""Nodules of phantoms and their candidates: blobs are found, tubes are look-alikes, cubes are cut where they lie."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.cohort.images.embedded import blobs, cubes_at, make_nodule_cohort, true_nodules
from drasclr_core.cohort.images.hits import nearest_hit
from drasclr_core.imaging.affine import transform
from drasclr_core.imaging.volume import Volume

AFFINE = np.array([[2.0, 0, 0, -50], [0, 2, 0, -40], [0, 0, 2, 30], [0, 0, 0, 1]])


def lung_with(*balls, shape=(48, 40, 44)) -> tuple[Volume, np.ndarray, dict]:
    """A lung with balls (place in voxels, radius in voxels) of tissue, in a wall of tissue."""
    array, places = np.full(shape, 50, np.float32), np.indices(shape)
    lungs = np.zeros(shape, np.uint8)
    lungs[4:-4, 4:-4, 4:-4] = 1
    array[lungs > 0] = -850 + 15 * np.random.default_rng(0).standard_normal(np.count_nonzero(lungs))
    mask = np.zeros(shape, bool)
    for centre, radius in balls:
        mask |= ((places - np.reshape(centre, (3, 1, 1, 1))) ** 2).sum(0) <= radius**2
    array[mask] = 30
    return Volume(array, AFFINE), lungs, {"nodule_solid": mask, "nodule_ground_glass": np.zeros_like(mask)}


BALLS = (((14, 14, 14), 3.0), ((32, 25, 30), 4.5), ((25, 12, 33), 1.6))


def test_true_nodules_are_measured_in_mm():
    volume, _, truth = lung_with(*BALLS)
    nodules = true_nodules(truth, volume.affine).sort_values("diameter_mm", ignore_index=True)
    centres = transform(AFFINE, [centre for centre, _ in sorted(BALLS, key=lambda ball: ball[1])])
    np.testing.assert_allclose(nodules[["x", "y", "z"]], centres, atol=0.1)
    np.testing.assert_allclose(nodules["diameter_mm"], [6.4, 12, 18], rtol=0.1)
    empty = true_nodules({name: mask & False for name, mask in truth.items()}, volume.affine)
    assert empty.empty and list(empty) == ["x", "y", "z", "diameter_mm"]


def test_every_nodule_is_among_the_candidates_and_the_wall_is_none():
    volume, lungs, truth = lung_with(*BALLS)
    found, nodules = blobs(volume, lungs), true_nodules(truth, volume.affine)
    assert (nearest_hit(found.head(3), nodules) >= 0).all() and found["strength"].is_monotonic_decreasing
    assert len(found) < 15  # no blob along the wall
    assert len(blobs(volume, lungs, most=2)) == 2


def test_a_vessel_is_a_look_alike():
    volume, lungs, _ = lung_with()
    volume.array[20:23, 20:23, 4:24] = 30
    found = blobs(volume, lungs)
    inside = found[(found["x"] - (-50 + 42)).abs() + (found["y"] - 2).abs() < 4]
    assert len(inside) and (nearest_hit(inside, pd.DataFrame(columns=["x", "y", "z", "diameter_mm"])) == -1).all()


def test_cubes_lie_round_their_places_and_are_air_outside():
    volume, *_ = lung_with()
    array = volume.array.copy()
    array[10, 20, 30] = 777
    cubes = cubes_at(Volume(array, AFFINE), transform(AFFINE, [[10, 20, 30], [0, 0, 0], [47, 39, 43]]), 8)
    assert cubes.shape == (3, 8, 8, 8) and cubes.dtype == np.int16 and cubes[0, 4, 4, 4] == 777
    assert (cubes[1, :4] == -1000).all() and (cubes[1, 4:, 4:, 4:] == 50).all()
    assert cubes[2, 4, 4, 4] == 50 and (cubes[2, 5:] == -1000).all()


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nodules")
    return folder, make_nodule_cohort(folder, 2, seed=8, spacing=4.0, size=8, workers=1)


def test_a_cohort_with_nodules(cohort):
    _, made = cohort
    assert made.sids == ["P00000", "P00001"] and set(made.nodules["sid"]) <= set(made.sids) and len(made.nodules)
    assert set(made.candidates["nodule"]) <= {0, 1} and (made.candidates["nodule"] == 0).mean() > 0.5
    cubes = made.cubes([0, len(made.candidates) - 1])
    assert cubes.shape == (2, 8, 8, 8)


def test_it_is_kept(cohort):
    folder, made = cohort
    before = (folder / "P00001.npy").stat().st_mtime_ns
    again = make_nodule_cohort(folder, 2, seed=8, spacing=4.0, size=8, workers=1)
    assert (folder / "P00001.npy").stat().st_mtime_ns == before
    pd.testing.assert_frame_equal(again.candidates, made.candidates)
