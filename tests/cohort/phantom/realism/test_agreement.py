"""Dice as defined, and phantoms compared with their own truth."""

import numpy as np
import pytest

from drasclr_core.cohort.phantom import simulate
from drasclr_core.cohort.phantom.realism.agreement import phantom_agreement
from drasclr_core.cohort.phantom.subject.traits import draw_traits
from drasclr_core.cohort.phantom.truth import save_truth
from drasclr_core.imaging.masks import dice
from drasclr_core.imaging.volume import save_mask


def test_dice_is_one_for_equal_zero_for_disjoint_and_a_known_fraction_between():
    first, second = np.zeros(10, dtype=bool), np.zeros(10, dtype=bool)
    assert dice(first, second) == 1.0
    first[:4] = second[2:8] = True
    assert dice(first, second) == dice(second, first) == pytest.approx(2 * 2 / (4 + 6))
    assert dice(first, ~first) == 0.0


def test_a_phantom_with_shifted_or_no_lungs(tmp_path):
    phantom = simulate(draw_traits(3), 3, spacing=4.0)
    affine = phantom.volume.affine
    save_truth(tmp_path / "truth" / "P3.nii.gz", phantom)
    assert phantom_agreement("P3", tmp_path, tmp_path / "truth") == {"sid": "P3", "right": 0.0, "left": 0.0}
    save_mask(tmp_path / "P3" / "lungs.nii.gz", phantom.truth["lungs"], affine)
    assert phantom_agreement("P3", tmp_path, tmp_path / "truth") == {"sid": "P3", "right": 1.0, "left": 1.0}
    save_mask(tmp_path / "P3" / "lungs.nii.gz", np.roll(phantom.truth["lungs"], 2, axis=1), affine)
    assert 0.8 < phantom_agreement("P3", tmp_path, tmp_path / "truth")["right"] < 1
    save_mask(tmp_path / "P3" / "lungs.nii.gz", phantom.truth["lungs"][2:], affine)
    with pytest.raises(ValueError, match="voxel size of the simulation"):
        phantom_agreement("P3", tmp_path, tmp_path / "truth")
