"""Verdicts follow from measures; every fault of a scan or of its alignment is named."""

import nibabel as nib
import numpy as np
import pytest

from drasclr_core.anatomy.atlas import AtlasAffine, build_atlas
from drasclr_core.anatomy.lungs import segment_lungs
from drasclr_core.anatomy.quality import Quality, assess, judge, measure_alignment, measure_lungs
from drasclr_core.imaging.volume import Volume, load_volume, save_volume

from ...imaging.scan_files import whole_chest
from .good import GOOD


def two_lungs(spacing=4.0):
    """Ellipsoid lungs of about 4.7 l, the left one smaller, and a volume around them."""
    shape, affine = (80, 60, 80), np.diag([spacing] * 3 + [1.0])
    affine[:3, 3] = (-160, -120, -160)
    x, y, z = np.moveaxis(np.indices(shape).T @ affine[:3, :3] + affine[:3, 3], -1, 0).transpose(0, 3, 2, 1)
    lungs = np.zeros(shape, dtype=np.uint8)
    lungs[((x - 72) / 60) ** 2 + (y / 80) ** 2 + (z / 130) ** 2 < 1] = 1
    lungs[((x + 72) / 52) ** 2 + (y / 80) ** 2 + (z / 125) ** 2 < 1] = 2
    array = np.where(lungs > 0, -840, 40).astype(np.float32)
    return Volume(array, affine, {"spacing": [1.0, 1.0, 2.0], "slice_thickness": 3.0}), lungs


@pytest.fixture(scope="module")
def atlas():
    volume, lungs = two_lungs()
    return build_atlas(lungs, volume.affine, patch_mm=32.0, step_mm=28.0)


def test_volumes_are_liters():
    volume, lungs = two_lungs()
    measures = measure_lungs(volume, lungs)
    assert measures["right_l"] == pytest.approx(4 / 3 * np.pi * 0.60 * 0.80 * 1.30, rel=0.02)
    assert measures["left_l"] == pytest.approx(4 / 3 * np.pi * 0.52 * 0.80 * 1.25, rel=0.02)
    assert measures["mean_hu"] == -840
    assert measures["slice_mm"] == 3.0


def test_good_lungs_are_ok_and_cut_ones_are_not():
    volume, lungs = two_lungs()
    assert assess(volume, lungs) == Quality("ok", [], measure_lungs(volume, lungs))
    half = Volume(volume.array[:, :, 30:], volume.affine, volume.source)
    bases = assess(half, lungs[:, :, 30:])
    assert bases.verdict == "review" and bases.reasons[0].startswith("bases cut: ")
    upper = Volume(volume.array[:, :, :50], volume.affine, volume.source)
    assert assess(upper, lungs[:, :, :50]).reasons[0].startswith("apices cut: ")


def test_a_body_that_lies_across_is_seen():
    """A trunk from foot to head with air around it, and the same under a header with two axes exchanged."""
    x, y, _ = np.indices((40, 30, 40)) - np.array([20, 15, 20])[:, None, None, None]
    volume = Volume(np.where(np.hypot(x / 15, y / 10) < 1, 40, -1000).astype(np.float32), np.diag([4.0, 4, 4, 1]))
    upright = measure_lungs(volume, np.zeros(volume.array.shape, np.uint8))
    assert upright["body_across"] == 0 and judge({**GOOD, **upright, **GOOD}).verdict == "ok"
    for axes in ((0, 2), (1, 2)):
        turned = Volume(np.rot90(volume.array, axes=axes), volume.affine)
        measures = {**GOOD, "body_across": measure_lungs(turned, np.zeros(turned.array.shape))["body_across"]}
        assert judge(measures).verdict == "review" and "orientation" in judge(measures).reasons[0]


def test_the_worst_reason_comes_first_and_an_error_refuses():
    judged = judge(GOOD | {"bottom_cut_cm2": 80.0, "dice": 0.3})
    assert judged.verdict == "refused"
    assert "Dice" in judged.reasons[0] and "bases" in judged.reasons[1]
    assert judge({"error": "a.nii: damaged. Copy it again."}) == Quality(
        "refused", ["a.nii: damaged. Copy it again."], {"error": "a.nii: damaged. Copy it again."}
    )


def test_a_perfect_alignment_in_any_pose(atlas):
    volume, lungs = two_lungs()
    turn = nib.eulerangles.euler2mat(z=0.2, y=-0.1, x=0.15)
    to_atlas = AtlasAffine(nib.affines.from_matvec(turn @ np.diag([1.1, 0.9, 1.2]), [40, -25, 300]))
    # The chest is placed without resampling: its header moves.
    measures = measure_alignment(lungs, to_atlas.matrix @ volume.affine, to_atlas, atlas)
    assert measures["dice"] > 0.995
    assert measures["landmarks_inside"] > 0.95  # centres between two voxels may fall to either
    assert measures["determinant"] == pytest.approx(1.1 * 0.9 * 1.2)
    assert measures["shear"] == pytest.approx(0, abs=1e-9)


def test_wrong_alignments_are_noticed(atlas):
    volume, lungs = two_lungs()
    shifted = AtlasAffine(nib.affines.from_matvec(np.eye(3), [0, 0, 100]))
    assert assess(volume, lungs, shifted, atlas).verdict == "refused"
    swapped = AtlasAffine(np.diag([-1.0, 1, 1, 1]))
    assert any("-1.00 times" in reason for reason in assess(volume, lungs, swapped, atlas).reasons)
    slanted = np.eye(4)
    slanted[0, 2] = 0.5
    assert any("shear of 0.50" in reason for reason in assess(volume, lungs, AtlasAffine(slanted), atlas).reasons)


def test_lungs_outside_the_atlas_count_against_the_overlap(atlas):
    volume, lungs = two_lungs()
    away = AtlasAffine(nib.affines.from_matvec(np.eye(3), [1000, 0, 0]))
    measures = measure_alignment(lungs, volume.affine, away, atlas)
    assert measures["dice"] == 0 and measures["landmarks_inside"] == 0


def test_each_lung_is_compared_with_the_atlas_lung_of_its_side(atlas):
    """Also with an atlas stored from left to right and with labels of its own."""
    volume, lungs = two_lungs()
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = lungs.shape[0] - 1
    labels = np.array([0, 100, 50], np.uint8)[lungs[::-1]]
    other = build_atlas(labels, volume.affine @ flip, patch_mm=32.0, step_mm=28.0)
    for one in (atlas, other):
        measures = measure_alignment(lungs, volume.affine, AtlasAffine(np.eye(4)), one)
        assert min(measures["dice_right"], measures["dice_left"]) > 0.99
        swapped = measure_alignment(np.where(lungs > 0, 3 - lungs, 0), volume.affine, AtlasAffine(np.eye(4)), one)
        assert swapped["dice"] > 0.99 and max(swapped["dice_right"], swapped["dice_left"]) == 0
    single = build_atlas(lungs > 0, volume.affine, patch_mm=32.0, step_mm=28.0)
    assert "dice_right" not in measure_alignment(lungs, volume.affine, AtlasAffine(np.eye(4)), single)


@pytest.mark.parametrize("change", [lambda a: a + 60, lambda a: a - 60, lambda a: 1.2 * a, lambda a: 0.8 * a])
def test_values_that_are_not_quite_hounsfield_units_are_noticed(change, tmp_path):
    volume = whole_chest()
    lungs = segment_lungs(volume)
    for name, array in (("fine", volume.array), ("odd", change(volume.array))):
        save_volume(tmp_path / f"{name}.nii.gz", Volume(array, volume.affine))
        reasons = assess(load_volume(tmp_path / f"{name}.nii.gz", 4.0), lungs).reasons
        assert any("HU instead of" in reason for reason in reasons) == (name == "odd")
