from dataclasses import replace

import numpy as np
import pytest

from drasclr_core.cohort.annotations import BOX_MM, SUBTYPES
from drasclr_core.cohort.phantom import simulate
from drasclr_core.cohort.phantom.labels.boxes import (
    ANNOTATED_SHARE,
    BESIDE_SHARE,
    MISTAKEN_SHARE,
    click_boxes,
    is_annotated,
)
from drasclr_core.cohort.phantom.subject.traits import draw_traits


@pytest.fixture(scope="module")
def ill():
    traits = replace(draw_traits(0), centrilobular=0.12, paraseptal=0.08, panlobular=0.0, gas_trapping=0.0)
    return simulate(traits, 8, 0, 4.0)


def shares(made, box):
    """Share of the lung voxels of a box with each subtype."""
    centre = np.array([box["x"], box["y"], box["z"]])
    voxel = np.linalg.inv(made.volume.affine) @ [*centre, 1]
    half = BOX_MM / 2 / made.volume.spacing[0]
    cut = tuple(slice(max(round(v - half), 0), round(v + half)) for v in voxel[:3])
    inside = made.truth["lungs"][cut] > 0
    return {name: made.truth[name][cut][inside].mean() for name in SUBTYPES}


def test_most_boxes_hold_their_subtype(ill):
    """Annotators err in about one box of seven; elsewhere the subtype is there, and more of it than of the other."""
    boxes = [box for index in range(40) for box in click_boxes(ill.truth, ill.volume.affine, "P", index, 0)]
    assert {box["subtype"] for box in boxes} == set(SUBTYPES)
    right = []
    for box in boxes:
        share = shares(ill, box)
        other = next(name for name in SUBTYPES if name != box["subtype"])
        right.append(share[box["subtype"]] > max(0.01, share[other]))
    assert 1 - 1.5 * (BESIDE_SHARE + MISTAKEN_SHARE) < np.mean(right) < 1


def test_mild_subjects_get_boxes_and_are_sometimes_overlooked():
    traits = replace(draw_traits(0), centrilobular=0.006, paraseptal=0.0, panlobular=0.0, gas_trapping=0.0)
    mild = simulate(traits, 8, 0, 4.0)
    clicked = [len(click_boxes(mild.truth, mild.volume.affine, "P", index, 0)) for index in range(120)]
    assert 0.04 < np.mean([count == 0 for count in clicked]) < 0.30  # MISSED_SHARE
    assert np.max(clicked) >= 2


def test_boxes_are_the_same_every_time_and_apart(ill):
    boxes = click_boxes(ill.truth, ill.volume.affine, "P00008", 8, 0)
    assert boxes == click_boxes(ill.truth, ill.volume.affine, "P00008", 8, 0)
    for name in SUBTYPES:
        centres = np.array([[b["x"], b["y"], b["z"]] for b in boxes if b["subtype"] == name])
        gaps = np.abs(centres[:, None] - centres).max(2) + 1e3 * np.eye(len(centres))
        assert len(centres) >= 2 and gaps.min() > 12


def test_healthy_lungs_get_no_boxes(ill):
    healthy = dict.fromkeys(SUBTYPES, np.zeros_like(ill.truth["lungs"], bool))
    assert click_boxes(ill.truth | healthy, ill.volume.affine, "P00008", 8, 0) == []


def test_part_of_the_cohort_is_annotated():
    annotated = [is_annotated(index, 0) for index in range(500)]
    assert np.mean(annotated) == pytest.approx(ANNOTATED_SHARE, abs=0.07)
    assert annotated[:50] == [is_annotated(index, 0) for index in range(50)]
