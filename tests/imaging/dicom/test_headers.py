"""DICOM as it lies on disks: without preamble, in deeper folders, with a DICOMDIR, as one file, as links."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage, RLELossless

from drasclr_core.imaging.dicom import is_dicom, read_dicom
from drasclr_core.imaging.volume import VolumeError, load_volume

from ..scan_files import chest, write_series
from ..series_files import LPS, without_preamble, write_enhanced


@pytest.fixture
def plain(tmp_path):
    """What every form of the same series is to give."""
    return load_volume(write_series(tmp_path / "plain", chest(), LPS), 2.0)


def assert_same(volume, expected):
    np.testing.assert_array_equal(volume.array, expected.array)
    np.testing.assert_allclose(volume.affine, expected.affine)


def test_files_without_preamble(tmp_path, plain):
    folder = without_preamble(write_series(tmp_path / "bare", chest(), LPS))
    assert all(map(is_dicom, folder.iterdir()))
    assert_same(load_volume(folder, 2.0), plain)


def test_files_without_preamble_and_without_meta_information(tmp_path, plain):
    folder = write_series(tmp_path / "bare", chest(), LPS)
    for file in folder.iterdir():
        whole, bare = pydicom.dcmread(file), Dataset()
        bare.update(dict(whole.items()))
        pydicom.dcmwrite(file, bare, implicit_vr=True, little_endian=True, enforce_file_format=False)
    assert_same(load_volume(folder, 2.0), plain)


def test_what_is_not_dicom(tmp_path):
    for content in (b"", b"sorry", b"\x08\x00sorry" + b"x" * 200, b"x" * 200, b"\x02\x00\x00\x00"):
        (tmp_path / "file").write_bytes(content)
        assert not is_dicom(tmp_path / "file")
    assert not is_dicom(tmp_path / "nothing") and not is_dicom(tmp_path)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("in_folder", [True, False])
def test_enhanced_multi_frame_ct(tmp_path, plain, shared, in_folder):
    path = tmp_path / "enhanced" / "scan.dcm"
    path.parent.mkdir()
    write_enhanced(path, chest(), shared=shared)
    assert_same(load_volume(path.parent if in_folder else path, 2.0), plain)


def test_compressed_multi_frame_ct(tmp_path, plain):
    item = pydicom.dcmread(write_enhanced(tmp_path / "scan.dcm", chest()))
    item.compress(RLELossless)
    item.save_as(tmp_path / "packed.dcm")
    assert_same(load_volume(tmp_path / "packed.dcm", 2.0), plain)


def test_two_acquisitions_in_one_multi_frame_file(tmp_path):
    array = np.concatenate([chest(), chest() * 0 - 700], axis=2)

    def edit(frame, k):
        frame.PlanePositionSequence[0].ImagePositionPatient = [0, 0, 2.0 * (k % 16)]
        frame.FrameContentSequence[0].FrameAcquisitionNumber = int(1 + k // 16)

    read, _, source = read_dicom(write_enhanced(tmp_path / "scan.dcm", array, edit=edit))
    np.testing.assert_array_equal(read, chest())
    assert source["note"].endswith("left out: 16 slices, acquisition 2")


def test_one_slice_alone_names_what_is_missing(tmp_path):
    file = write_series(tmp_path / "s", chest(), LPS) / "003.dcm"
    with pytest.raises(VolumeError, match=r"003\.dcm: fewer than two CT slices .* Give the folder of the whole"):
        load_volume(file)


def test_a_folder_too_high_and_a_dicomdir(tmp_path, plain):
    disk = tmp_path / "disk"
    write_series(disk, chest(), LPS)
    (disk / "DICOM" / "S1").mkdir(parents=True)
    for number, file in enumerate(sorted(disk.glob("*.dcm"))):
        file.rename(disk / "DICOM" / "S1" / f"IM{number:04d}")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = MediaStorageDirectoryStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    directory = Dataset()
    directory.file_meta, directory.DirectoryRecordSequence = meta, []
    pydicom.dcmwrite(disk / "DICOMDIR", directory, enforce_file_format=True)
    (disk / "README.TXT").write_text("viewer")
    assert_same(load_volume(disk, 2.0), plain)
    (disk / "DICOM" / "loop").symlink_to(disk)
    assert_same(load_volume(disk, 2.0), plain)


def test_slices_of_several_patients_below_a_folder_are_refused(tmp_path):
    for number in range(3):
        (tmp_path / "all").mkdir(exist_ok=True)
        write_series(tmp_path / "all" / f"p{number}", chest(), LPS, PatientID=f"MRN{number}")
    with pytest.raises(VolumeError, match=r"all: scans of 3 patients in one folder\. Give one folder for each\."):
        load_volume(tmp_path / "all")


def test_links_to_slices_and_hidden_files(tmp_path, plain):
    store = write_series(tmp_path / "store", chest(), LPS)
    folder = tmp_path / "links"
    folder.mkdir()
    for number, file in enumerate(sorted(store.iterdir())):
        blob = file.rename(store / f"{number:064x}")
        (folder / f"{number}.dcm").symlink_to(blob)
        (folder / f"._{number}.dcm").write_bytes(b"\0\5\x16\7" + blob.read_bytes())
    assert_same(load_volume(folder, 2.0), plain)
    blob.unlink()
    with pytest.raises(VolumeError, match=r"links: one of its files has not been fetched\. Fetch it first"):
        load_volume(folder)


def test_slices_that_git_has_not_fetched(tmp_path):
    folder = write_series(tmp_path / "s", chest(), LPS)
    (folder / "003.dcm").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(VolumeError, match="s: one of its files has not been fetched"):
        load_volume(folder)
