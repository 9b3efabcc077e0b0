"""Boxes at wrong places: they land where they should, and an encoder without a sense of place loses nothing."""

import numpy as np
import pytest

from drasclr_core.anatomy.atlas import build_atlas
from drasclr_core.detect.location import OWN, RANDOM, location_sensitivity, places_told
from drasclr_core.detect.location.places import mirrored_locations, random_locations, shifted_locations
from drasclr_core.detect.location.sensitivity import told_elsewhere

from ..conftest import encoder_of


@pytest.fixture
def atlas():
    lungs = np.zeros((60, 50, 60), np.uint8)
    lungs[5:25, 8:42, 5:55], lungs[35:55, 8:42, 5:55] = 1, 2
    return build_atlas(lungs, np.diag([4.0, 4, 4, 1]), step_mm=32.0)


def millimetres(locations, atlas):
    low, high = atlas.box
    return (locations + 1) / 2 * (high - low) + low


def test_places_are_as_far_as_they_say_and_in_the_lungs(planted, atlas):
    own = millimetres(planted.patches.clipped(), atlas)
    voxel = np.linalg.inv(atlas.affine)
    for distance in (10.0, 40.0):
        moved = millimetres(shifted_locations(planted.patches, atlas, distance), atlas)
        inner = (np.abs(shifted_locations(planted.patches, atlas, distance)) < 1).all(axis=1)
        np.testing.assert_allclose(np.linalg.norm(moved - own, axis=1)[inner], distance, rtol=1e-4)
        at = np.rint(moved @ voxel[:3, :3].T + voxel[:3, 3]).astype(int)
        assert (atlas.lungs[tuple(at.T)] > 0).mean() > 0.8
    drawn = millimetres(random_locations(planted.patches, atlas), atlas)
    at = np.rint(drawn @ voxel[:3, :3].T + voxel[:3, 3]).astype(int)
    assert (atlas.lungs[tuple(at.T)] > 0).mean() > 0.95
    turned = mirrored_locations(planted.patches)
    np.testing.assert_array_equal(turned * [-1, 1, 1], planted.patches.clipped())


def test_draws_differ_and_repeat(planted, atlas):
    told = places_told(planted.patches, atlas, [20.0], draws=2, seed=3)
    assert list(told) == [OWN, "mirrored", RANDOM, "shifted_20", f"{RANDOM}_seed1", "shifted_20_seed1"]
    assert not np.allclose(told[RANDOM], told[f"{RANDOM}_seed1"])
    again = places_told(planted.patches, atlas, [20.0], draws=2, seed=3)
    assert all(np.array_equal(told[name], again[name]) for name in told)


@pytest.mark.parametrize("refitted", [True, False])
def test_who_does_not_know_the_place_loses_nothing(planted, atlas, refitted):
    told = places_told(planted.patches, atlas, [20.0])
    plain = told_elsewhere(planted, ["centrilobular"], encoder_of("none"), told, refitted)
    wide = plain.pivot(index="box", columns="method", values="probability")
    np.testing.assert_allclose(wide.sub(wide[OWN], axis=0), 0, atol=1e-5)
    knowing = told_elsewhere(planted, ["centrilobular"], encoder_of(), told, refitted)
    wide = knowing.pivot(index="box", columns="method", values="probability")
    assert (wide[RANDOM] - wide[OWN]).abs().max() > 0.01


def test_the_experiment_in_both_ways(planted, atlas):
    """Who does not know the place loses nothing; the table has the two rows of the paper, the curve has all."""
    told = places_told(planted.patches, atlas, [20.0], draws=2)
    found = location_sensitivity(planted, ["centrilobular"], encoder_of("none"), told, 50)
    assert set(found.curve["told"]) == {OWN, "mirrored", RANDOM, "shifted_20"} and len(found.curve) == 8
    assert (found.curve["change"] == 0).all() and found.curve["accuracy"].nunique() == 1
    assert set(found.scores["method"]) == set(found.draws["method"]) == {OWN, RANDOM}
    predicted = told_elsewhere(planted, ["centrilobular"], encoder_of("none"), {OWN: told[OWN]})
    right = (predicted["probability"] > 0.5) == predicted["true"]
    own = found.scores[found.scores["method"] == OWN].set_index("fold")
    np.testing.assert_allclose(own["value"], 100 * right.groupby(predicted["fold"]).mean())
    assert found.curve["accuracy"].iloc[0] == pytest.approx(100 * right.mean())
    assert own["n_test"].sum() == planted.table["sid"].nunique()
