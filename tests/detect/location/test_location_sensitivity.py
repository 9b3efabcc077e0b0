"""Boxes at wrong places: they land where they should, and an encoder without a sense of place loses nothing."""

import numpy as np
import pytest

from drasclr_core.anatomy.atlas import build_atlas
from drasclr_core.detect.location import (
    OWN,
    RANDOM,
    accuracy_draws,
    accuracy_scores,
    places_told,
    sensitivity_curve,
    told_elsewhere,
)
from drasclr_core.detect.location.places import mirrored_locations, random_locations, shifted_locations

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
    curve = sensitivity_curve(accuracy_draws(plain, 50), {"Centrilobular": 20})
    assert (curve["change"] == 0).all() and curve["accuracy"].nunique() == 1
    knowing = told_elsewhere(planted, ["centrilobular"], encoder_of(), told, refitted)
    wide = knowing.pivot(index="box", columns="method", values="probability")
    assert (wide[RANDOM] - wide[OWN]).abs().max() > 0.01


def test_accuracies_are_those_of_the_boxes(planted, atlas):
    predicted = told_elsewhere(planted, ["centrilobular"], encoder_of("none"), {OWN: planted.patches.clipped()})
    right = (predicted["probability"] > 0.5) == predicted["true"]
    scores = accuracy_scores(predicted)
    by_fold = 100 * right.groupby(predicted["fold"]).mean()
    np.testing.assert_allclose(scores.set_index("fold")["value"], by_fold)
    assert scores["n_test"].sum() == planted.table["sid"].nunique()
    draws = accuracy_draws(predicted, 20)
    assert draws.loc[draws["draw"] == -1, "value"].iloc[0] == pytest.approx(100 * right.mean())
