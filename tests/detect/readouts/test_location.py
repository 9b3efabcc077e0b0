"""The control that sees no image: it learns where boxes lie, and nothing where both kinds lie alike."""

import dataclasses

import numpy as np
import pytest

from drasclr_core.detect.boxes import POSITIVE
from drasclr_core.detect.readouts.location import location_around, location_features
from drasclr_core.detect.readouts.readouts import fit_readout, linear_predictions
from drasclr_core.detect.readouts.shares import value_shares
from drasclr_core.detect.scoring.ranking import average_precision_draws
from drasclr_core.represent.local.location import location_basis

TASK = ["centrilobular"]


def moved(boxes, high):
    """The boxes with the diseased ones in the upper part of the atlas."""
    locations = boxes.patches.locations.copy()
    ill = boxes.kinds(TASK[0]) == POSITIVE
    locations[:, 2] = np.where(ill, high, -high) + 0.1 * locations[:, 2]
    return dataclasses.replace(boxes, patches=dataclasses.replace(boxes.patches, locations=locations))


def precision(boxes):
    readout = fit_readout(boxes, TASK, "location", location_features(boxes.patches))
    draws = average_precision_draws(linear_predictions(boxes, readout), 1)
    return draws.loc[draws["draw"] == -1, "value"].item()


def test_a_place_that_gives_the_label_away_is_found(make_boxes):
    boxes = make_boxes(planted=False)
    assert precision(moved(boxes, 0.5)) > 0.95


def test_places_that_say_nothing_give_the_prevalence(make_boxes):
    values = [precision(make_boxes(seed=seed, planted=True)) for seed in range(2)]
    assert np.mean(values) == pytest.approx(0.5, abs=0.2), "it knows more than the place"


def test_the_basis_is_smooth_and_knows_nothing_of_the_data():
    line = np.column_stack([np.linspace(-1, 1, 201), np.zeros(201), np.full(201, 0.3)])
    basis = location_basis(line)
    assert np.abs(np.diff(basis, axis=0)).max() < 0.05
    np.testing.assert_array_equal(location_basis(line[50:53]), basis[50:53])


def test_voxels_have_their_own_places(planted):
    patches = planted.patches
    around = location_around(patches, patches.size)(4)
    np.testing.assert_allclose(around, location_features(patches)[4:5], atol=1e-6)
    boxes = moved(planted, 0.5)
    readout = fit_readout(boxes, TASK, "location", location_features(boxes.patches))
    table = value_shares(linear_predictions(boxes, readout), readout, location_around(boxes.patches, 4))
    assert table.groupby("true")["share"].mean().diff().iloc[-1] > 0.8
