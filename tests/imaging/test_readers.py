"""The name that is given decides how a file is read, the content whether it is compressed; links are followed."""

import gzip

import nibabel as nib
import numpy as np
import pytest

from drasclr_core.imaging.readers import is_image_file, read_image
from drasclr_core.imaging.volume import VolumeError, load_mask, load_volume

from .scan_files import AFFINE, SHAPE, chest, write, write_itk


@pytest.fixture
def plain(tmp_path):
    return load_volume(write(tmp_path / "plain.nii.gz"), 2.0).array


@pytest.mark.parametrize("two", [False, True])
def test_gzip_is_told_by_the_content(tmp_path, plain, two):
    kind = nib.Nifti2Image if two else nib.Nifti1Image
    nib.save(kind(chest(), AFFINE), tmp_path / "scan.nii")
    raw = (tmp_path / "scan.nii").read_bytes()
    (tmp_path / "raw.nii.gz").write_bytes(raw)
    (tmp_path / "packed.nii").write_bytes(gzip.compress(raw))
    for name in ("raw.nii.gz", "packed.nii"):
        np.testing.assert_array_equal(load_volume(tmp_path / name, 2.0).array, plain)


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nii", "scan.nrrd", "scan.mha"])
def test_links_to_blobs_without_an_ending(tmp_path, name):
    file = (write_itk if name.endswith(("nrrd", "mha")) else write)(tmp_path / name)
    expected = read_image(file)[0]
    blob = file.rename(tmp_path / ("a1" * 32))
    (tmp_path / "snapshot").mkdir()
    link = tmp_path / "snapshot" / name
    link.symlink_to(blob)
    assert is_image_file(link)
    np.testing.assert_array_equal(read_image(link)[0], expected)
    blob.unlink()
    with pytest.raises(VolumeError, match=rf"{name}: no such file where this link leads\. Fetch it first"):
        read_image(link)


def test_a_link_without_an_ending_has_that_of_its_file(tmp_path):
    write(tmp_path / "scan.nii.gz")
    (tmp_path / "link").symlink_to("scan.nii.gz")
    assert is_image_file(tmp_path / "link") and read_image(tmp_path / "link")[0].shape == SHAPE


@pytest.mark.parametrize("name", ["Doe_John_19500101", "Doe_John_19500101.nii.gz", "Doe_John_19500101.mha"])
def test_a_refusal_names_the_link_and_not_what_it_leads_to(tmp_path, monkeypatch, name):
    there = tmp_path / name
    there.write_bytes(b"no scan") if "." in name else there.mkdir()
    link = tmp_path / "in1"
    link.symlink_to(there)
    given = [link]
    if there.is_dir():
        monkeypatch.chdir(there)
        given.append(".")
    for path in given:
        with pytest.raises(VolumeError) as said:
            read_image(path)
        assert str(said.value).startswith("in1: " if path == link else ".: ") and "Doe" not in str(said.value)


@pytest.mark.parametrize("text", ["version https://git-lfs.github.com/spec/v1\n", "/annex/objects/SHA256E-s1--0\n"])
def test_files_that_stand_for_others(tmp_path, text):
    (tmp_path / "scan.nii.gz").write_text(text)
    with pytest.raises(VolumeError, match=r"scan\.nii\.gz: a pointer of Git LFS or git-annex, not the scan itself"):
        read_image(tmp_path / "scan.nii.gz")


def header(path, sform=None, qform=None, pixdim=None):
    image = nib.Nifti1Image(chest(), AFFINE)
    image.set_sform(AFFINE if sform is None else sform, 1)
    image.set_qform(AFFINE if qform is None else qform, 1 if qform is not None else 0)
    if pixdim:
        image.header["pixdim"][1:4] = pixdim
    nib.save(image, path)
    if pixdim:  # nibabel writes those of the affine
        raw = bytearray(path.read_bytes())
        raw[80:92] = np.float32(pixdim).tobytes()
        path.write_bytes(bytes(raw))
    return path


@pytest.mark.parametrize("pixdim", [(2, 2, 4), (1, 1, 1), (2, 2.1, 3), (0.2, 0.2, 0.3)])
def test_sform_and_pixdim_that_disagree_are_refused_with_both_readings(tmp_path, pixdim):
    sizes = " x ".join(f"{size:g}" for size in pixdim)
    with pytest.raises(VolumeError, match=rf"voxels of 2 x 2 x 3 mm by sform, but of {sizes} mm by pixdim\. Convert"):
        read_image(header(tmp_path / "scan.nii", pixdim=pixdim))


def test_sform_and_qform_that_name_other_directions_are_refused(tmp_path):
    with pytest.raises(VolumeError, match="sform and qform name different directions"):
        read_image(header(tmp_path / "scan.nii", qform=AFFINE @ np.diag([-1, 1, 1, 1])))
    read_image(header(tmp_path / "same.nii", qform=AFFINE))
    read_image(header(tmp_path / "rounded.nii", pixdim=(2, 2, 3.02)))


def test_a_handedness_of_zero_is_one(tmp_path):
    """As the standard of NIfTI says of ``pixdim[0]``."""
    path = header(tmp_path / "scan.nii", qform=AFFINE)
    raw = bytearray(path.read_bytes())
    raw[76:80] = np.float32(0).tobytes()
    (tmp_path / "zero.nii").write_bytes(bytes(raw))
    np.testing.assert_array_equal(read_image(tmp_path / "zero.nii")[1], read_image(path)[1])


def test_padding_that_lost_its_sign(tmp_path):
    array = chest().astype(np.float32)
    array[0], array[-1] = 62512, 63536
    volume = load_volume(write(tmp_path / "scan.nii", array), 2.0)
    assert volume.array.max() == 900 and (volume.array[[0, -1]] == -1024).all()


def test_a_whole_body_in_a_wide_field_is_cut_to_the_body(tmp_path):
    array = np.full((80, 80, 100), -1000, dtype=np.int16)
    array[30:50, 35:50] = np.tile(chest((20, 15, 20)), (1, 1, 5))
    affine = np.diag([12.0, 12, 20, 1])
    read, moved, _ = read_image(write(tmp_path / "body.nii", array, affine))
    assert read.shape[0] < 30 and read.shape[2] == 100
    where = np.argwhere(read == 900).mean(axis=0)
    np.testing.assert_allclose(moved[:3, :3] @ where + moved[:3, 3], 12 * np.argwhere(array == 900).mean(axis=0) *
                               [1, 1, 20 / 12])  # fmt: skip


def test_an_image_is_no_mask(tmp_path):
    for name, array in {
        "ct": chest(),
        "shares": np.clip(chest() / 40, 0, 1) / 2,
        "grey": np.arange(7680) % 200,
    }.items():
        path = write(tmp_path / f"{name}.nii", np.reshape(array, SHAPE).astype(np.float32))
        with pytest.raises(
            VolumeError, match=rf"{name}\.nii: values from .* to .*: an image, not a mask\. Give a mask"
        ):
            load_mask(path)
    labels = (np.arange(7680).reshape(SHAPE) % 6).astype(np.int16)
    np.testing.assert_array_equal(load_mask(write(tmp_path / "lobes.nii", labels))[0], labels)
