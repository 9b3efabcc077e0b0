"""A CSV, a folder or a single scan becomes a subject table; bad rows are named."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from drasclr_core.cohort.manifest import read_manifest


def dicom_folder(folder):
    folder.mkdir()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    slice_ = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    slice_.Modality = "CT"
    pydicom.dcmwrite(folder / "1.dcm", slice_)
    return folder


def test_csv_with_labels_relative_to_the_csv(tmp_path):
    (tmp_path / "list.csv").write_text("\ufeffsid,image,GOLD\n007,scans/a.nii.gz,2\nb, scans/b ,\n")
    table = read_manifest(tmp_path / "list.csv")
    assert list(table["sid"]) == ["007", "b"]
    assert [Path(image) for image in table["image"]] == [tmp_path / "scans" / "a.nii.gz", tmp_path / "scans" / "b"]
    assert table["GOLD"][0] == 2 and np.isnan(table["GOLD"][1])


def test_images_that_do_not_exist_stay(tmp_path):
    (tmp_path / "list.csv").write_text("sid,image\ngone,nowhere.nii.gz\n")
    assert len(read_manifest(tmp_path / "list.csv")) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sid,image\na,1.nii\n../b,2.nii\n", r"list\.csv: row 3: sid '\.\./b'"),
        ("sid,image\na,1.nii\na,2.nii\n", "row 3: sid 'a' is already used in row 2"),
        ("sid,image\na,\n", "row 2: no image"),
        ("sid,image\n,1.nii\n", "row 2: sid missing"),
        ("name,image\na,1.nii\n", "no column 'sid'"),
        ("sid,image\n", "no subjects"),
        ("", "not a table"),
        ("sid,image\na,1.nii,2,3,4\nb,1\n", "list.csv"),
    ],
)
def test_bad_rows_are_named(tmp_path, text, problem):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(ValueError, match=problem):
        read_manifest(tmp_path / "list.csv")


def test_folder_of_scans(tmp_path):
    for name in ("b.nii.gz", "a scan (1).nii", "notes.txt", ".hidden.json"):
        (tmp_path / name).touch()
    dicom_folder(tmp_path / "series_3")
    (tmp_path / "empty").mkdir()
    table = read_manifest(tmp_path)
    assert list(table["sid"]) == ["a_scan_1_", "b", "series_3"]
    assert all(Path(image).is_absolute() and Path(image).exists() for image in table["image"])


def test_one_scan_alone(tmp_path):
    (tmp_path / "me.nii.gz").touch()
    assert list(read_manifest(tmp_path / "me.nii.gz")["sid"]) == ["me"]
    assert list(read_manifest(dicom_folder(tmp_path / "series"))["sid"]) == ["series"]


def test_two_scans_of_one_name(tmp_path):
    (tmp_path / "a.nii").touch()
    (tmp_path / "a.nii.gz").touch()
    with pytest.raises(ValueError, match="already used"):
        read_manifest(tmp_path)


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        read_manifest(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="no NIfTI, NRRD or MetaImage file and no DICOM series"):
        read_manifest(tmp_path)
