"""What is accepted as an atlas: a mask of two lungs, whatever its type and labels; nothing else."""

import nibabel as nib
import numpy as np
import pytest

from drasclr_core.anatomy.atlas import build_atlas, read_stored
from drasclr_core.imaging.refusal import VolumeError
from drasclr_core.imaging.volume import save_volume

from ...imaging.scan_files import phantom, whole_chest

SPACING = 4.0


def lungs():
    """Two boxes of 2.5 l each: 0, 1 right, 2 left."""
    mask = np.zeros((70, 50, 70), np.float32)
    mask[38:60, 12:40, 3:67] = 1
    mask[10:32, 12:40, 3:67] = 2
    return mask


def stored(path, array):
    nib.save(nib.Nifti1Image(array, np.diag([-SPACING, SPACING, SPACING, 1])), path)
    return path


def lobes(mask):
    """Five labels, 10 to 14, as TotalSegmentator counts them."""
    height = np.arange(mask.shape[2])
    right = np.where(height > 40, 12, np.where(height > 20, 13, 14))
    return np.where(mask == 1, right, np.where(mask == 2, np.where(height > 35, 10, 11), 0)).astype(np.int16)


@pytest.mark.parametrize(
    "change",
    [
        lambda mask: mask.astype(np.uint8),
        lambda mask: (mask > 0).astype(np.float32),
        lambda mask: (mask > 0) * 0.9999,
        lambda mask: (mask > 0).astype(np.uint8) * 255,
        lobes,
    ],
    ids=["two labels", "0 and 1 as float", "rounded", "0 and 255", "lobes"],
)
def test_masks_of_any_type_are_accepted_in_their_stored_order(tmp_path, change):
    array = change(lungs())
    mask, affine = read_stored(stored(tmp_path / "mask.nii.gz", array))
    assert mask.dtype == np.uint8 and affine[0, 0] == -SPACING
    np.testing.assert_array_equal(mask, np.rint(array))
    assert len(build_atlas(mask, affine).corners) > 100


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda mask: np.where(mask > 0, -850, 40).astype(np.int16), "values from -850 to 40 are no lung mask"),
        (lambda mask: np.where(mask > 0, 174, 1064).astype(np.int16), "values from 174 to 1064 are no lung mask"),
        (lambda mask: np.where(mask > 0, 0.97, 0.02), "not only whole numbers"),
        (lambda mask: np.where(mask > 0, np.nan, 0), "values from nan to nan are no lung mask"),
        (lambda mask: np.where(mask > 0, np.arange(70) // 2, 0).astype(np.uint8), "33 labels are no lung mask"),
        (lambda mask: np.zeros_like(mask), "0 l above zero"),
        (lambda mask: np.ones_like(mask), "16 l above zero, not the 0.8 to 14 l of lungs"),
        (lambda mask: np.where(np.arange(70) < 4, mask, 0), "0.079 l above zero"),
    ],
    ids=["CT", "CT without its intercept", "probability", "NaN", "organs", "empty", "body", "small"],
)
def test_what_is_no_lung_mask_is_refused_with_the_remedy(tmp_path, change, problem):
    path = stored(tmp_path / "atlas.nii.gz", change(lungs()))
    with pytest.raises(VolumeError, match=rf"^atlas\.nii\.gz: .*{problem}.*Give a mask of both lungs: 0 outside"):
        read_stored(path)


@pytest.mark.parametrize("scan", [whole_chest, lambda: phantom("copd")], ids=["chest", "phantom"])
def test_a_ct_is_no_atlas(tmp_path, scan):
    save_volume(tmp_path / "scan.nii.gz", scan())
    with pytest.raises(
        VolumeError, match=r"^scan\.nii\.gz: values from -1\d\d\d to \d+ are no lung mask\. Give a mask"
    ):
        read_stored(tmp_path / "scan.nii.gz")


@pytest.mark.parametrize("name", ["RICORD_1A_001012.nii.gz", "LungDx_A0002_dicom", "TOTALSEG_cardiac_crop.nii.gz"])
def test_real_cts_are_no_atlas(real_data, name):
    with pytest.raises(VolumeError, match="are no lung mask"):
        read_stored(real_data / "ct" / name)


def test_real_masks_are(real_data):
    masks = [*(real_data / "lung_masks").glob("*.nii.gz"), *(real_data / "copdgene_affines").glob("*.nii.gz")]
    assert len(masks) == 4
    for path in [*masks, real_data / "official_atlas/atlas_lung_mask.nii.gz"]:
        assert read_stored(path)[0].any()
