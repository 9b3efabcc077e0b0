import nibabel as nib
import numpy as np
import pytest

from drasclr_core.cohort.phantom.truth import MASKS, load_truth, parenchyma, save_truth


def test_truth_survives_the_file(phantom, tmp_path):
    made = phantom(centrilobular=0.15, paraseptal=0.1, panlobular=0.1, gas_trapping=0.45)
    save_truth(tmp_path / "P00005.nii.gz", made)
    read = load_truth(tmp_path / "P00005.nii.gz")
    assert set(read) == set(made.truth) == {"lungs", "lobes", "organs", *MASKS}
    for name, mask in made.truth.items():
        assert read[name].dtype == (np.uint8 if name in ("lungs", "lobes", "organs") else bool)
        np.testing.assert_array_equal(read[name], mask, err_msg=name)
    np.testing.assert_allclose(nib.load(tmp_path / "P00005.nii.gz").affine, made.volume.affine, atol=1e-4)


def test_another_file_is_refused(tmp_path):
    nib.save(nib.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4)), tmp_path / "mask.nii.gz")
    with pytest.raises(ValueError, match=r"mask\.nii\.gz"):
        load_truth(tmp_path / "mask.nii.gz")


def test_a_file_of_an_older_generator_is_refused(tmp_path):
    image = nib.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4))
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b'{"bits": ["right_lung"]}'))
    nib.save(image, tmp_path / "old.nii.gz")
    with pytest.raises(ValueError, match=r"old\.nii\.gz was made by an older generator.*notebook 01"):
        load_truth(tmp_path / "old.nii.gz")


def test_parenchyma_is_lung_without_bronchi_and_vessels(phantom):
    truth = phantom().truth
    tissue = parenchyma(truth)
    assert 0.7 < tissue.sum() / (truth["lungs"] > 0).sum() < 1
    assert not (tissue & (truth["airways"] | truth["vessels"] | (truth["lungs"] == 0))).any()
