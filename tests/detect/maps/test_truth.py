"""Truth on the grid of a map, and how detected masks compare with it."""

import numpy as np
import pytest

from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.cohort.phantom.scan.scanner import Scanner
from drasclr_core.cohort.phantom.truth import MASKS, save_truth
from drasclr_core.detect.maps.truth import compare_masks, has_truth, true_masks, true_shares
from drasclr_core.imaging.volume import Volume
from drasclr_core.run import Run

TO_MM = np.diag([2.0, 2.0, 2.0, 1.0])


class Phantom:
    """What `save_truth` takes of a phantom: 8 x 8 x 8 voxels of lung, a quarter centrilobular, one slice paraseptal."""

    def __init__(self):
        shape = (12, 12, 12)
        self.truth = {name: np.zeros(shape, bool) for name in (*MASKS, "lobes", "organs")}
        self.truth["lungs"] = np.zeros(shape, np.uint8)
        self.truth["lungs"][2:10, 2:10, 2:10] = 1
        self.truth["centrilobular"][2:10, 2:10, 2:4] = True
        self.truth["paraseptal"][2:3, 2:10, 2:10] = True
        self.volume = Volume(np.zeros(shape, np.float32), TO_MM)
        self.scanner = Scanner("soft", 0.9, 0.3, 12.0, 0.0)


@pytest.fixture
def run(tmp_path):
    run = Run(str(tmp_path / "run"))
    save_truth(run.truth / "P1.nii.gz", Phantom())
    return run


def test_shares_and_masks(run):
    assert has_truth(run, "P1") and not has_truth(run, "P2")
    assert true_shares(run, "P1") == {"centrilobular": 0.25, "paraseptal": 0.125}
    masks = true_masks(run, "P1", Phantom().volume)
    for subtype in SUBTYPES:
        np.testing.assert_array_equal(masks[subtype], Phantom().truth[subtype])


def test_masks_follow_to_another_grid(run):
    """Twice as large voxels, moved by one: each takes the value of the nearest true voxel."""
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = 2.0
    masks = true_masks(run, "P1", Volume(np.zeros((5, 5, 5), np.float32), affine))
    np.testing.assert_array_equal(masks["centrilobular"], Phantom().truth["centrilobular"][1:11:2, 1:11:2, 1:11:2])
    assert masks["centrilobular"].any()


def test_compared_one_by_one_and_both():
    lungs, dark, nothing = np.ones((4, 4, 4)), np.zeros((4, 4, 4)), np.zeros((4, 4, 4))
    dark[0] = 1
    detected = {"centrilobular": dark, "paraseptal": dark[::-1], "LAA-950": dark}
    truth = {"centrilobular": dark, "paraseptal": nothing}
    rows = {row["subtype"]: row for row in compare_masks(detected, truth, lungs, list(SUBTYPES))}
    assert rows["centrilobular"]["dice"] == rows["centrilobular"]["laa_dice"] == 1
    assert np.isnan(rows["paraseptal"]["dice"]) and rows["paraseptal"]["true_share"] == 0
    assert rows["paraseptal"]["detected_share"] == 0.25
    assert rows["both"]["detected_share"] == 0.5 and rows["both"]["dice"] == pytest.approx(2 / 3)
    assert [row["subtype"] for row in compare_masks(detected, truth, lungs, ["paraseptal"])] == ["paraseptal"]
