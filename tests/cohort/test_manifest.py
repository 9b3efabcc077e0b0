"""A CSV, a folder or a single scan becomes a subject table; bad rows are named."""

import re
import unicodedata
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from drasclr_core.cohort.manifest import read_manifest
from drasclr_core.cohort.sids import is_named_after, safe_sids


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


def test_what_is_no_number_is_missing_and_said_to_be(tmp_path):
    (tmp_path / "list.csv").write_text("sid,image,FEV1pp,GOLD,LAA950_pct,ward\n"
                                       "a,1.nii,80,2,inf,3B\nb,2.nii,NT,1,4.5,7\nc,3.nii,,-,5,x\n")  # fmt: skip
    table = read_manifest(tmp_path / "list.csv")
    np.testing.assert_array_equal(table[["FEV1pp", "GOLD", "LAA950_pct"]].dtypes, float)
    np.testing.assert_array_equal(table["FEV1pp"], [80, np.nan, np.nan])
    np.testing.assert_array_equal(table["LAA950_pct"], [np.nan, 4.5, 5])
    assert table["ward"].tolist() == ["3B", "7", "x"], "what is nobody's number stays as it is"
    assert table.attrs["notes"] == [
        "Column FEV1pp: 1 of 3 values are no numbers, taken for missing (NT).",
        "Column GOLD: 1 of 3 values are no numbers, taken for missing (-).",
        "Column LAA950_pct: 1 of 3 values are no numbers, taken for missing (inf).",
    ]
    (tmp_path / "comma.csv").write_text("sid;image;FEV1_FVC;GOLD\na;1.nii;0,7;2\nb;2.nii;-;1\n")
    table = read_manifest(tmp_path / "comma.csv")
    np.testing.assert_array_equal(table["FEV1_FVC"], [0.7, np.nan])
    assert table["GOLD"].tolist() == [2, 1] and table["GOLD"].dtype.kind == "i"
    # Between commas, a comma within a number may part thousands: it is no decimal one.
    (tmp_path / "thousands.csv").write_text(
        'sid,image,days,died\na,1.nii,"1,234",True\nb,2.nii,500,\nc,3.nii,2,False\n'
    )
    table = read_manifest(tmp_path / "thousands.csv")
    np.testing.assert_array_equal(table["days"], [np.nan, 500, 2])
    np.testing.assert_array_equal(table["died"].astype(float), [1, np.nan, 0])
    assert table.attrs["notes"] == ["Column days: 1 of 3 values are no numbers, taken for missing (1,234)."]


def test_images_that_do_not_exist_stay(tmp_path):
    (tmp_path / "list.csv").write_text("sid,image\ngone,nowhere.nii.gz\n")
    assert len(read_manifest(tmp_path / "list.csv")) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sid,image\na,1.nii\n../b,2.nii\n", r"list\.csv: row 3: sid '\.\./b'"),
        ("sid,image\na,1.nii\na,2.nii\n", "row 3: sid 'a' is already used in row 2"),
        ("sid,image\na,\n", "row 2: no image"),
        ("sid,image\n,1.nii\n", "row 2: no sid"),
        ("sid,image,age\n\na,1.nii,1\n,,\nb,,2\n", r"list\.csv: row 5: no image\. Correct"),
        ("name,image\na,1.nii\n", "no column 'sid'"),
        ("sid,image\n", "no subjects"),
        ("", "not a table"),
        ("sid,image\na,1.nii,2,3,4\nb,1\n", "list.csv: row 2 has 5 cells and the header 2"),
        ("sid,image\na,1.nii,x\nb,2.nii,y\n", "row 2 has 3 cells"),  # pandas takes the first column for an index
        ("sid,image,GOLD\na,1.nii,2\nb,scans, new/2.nii,1\n", "row 3 has 4 cells .* Put text with ',' in quotes"),
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


def test_semicolons_tabs_and_empty_cells_at_the_end(tmp_path):
    for number, text in enumerate(
        ("sid;image;GOLD\na;1.nii;2\n", "sid\timage\tGOLD\na\t1.nii\t2\n", "sid,image,GOLD\na,1.nii,2,,\n")
    ):
        (tmp_path / f"{number}.csv").write_text(text)
        assert read_manifest(tmp_path / f"{number}.csv").loc[0, ["sid", "GOLD"]].tolist() == ["a", 2]


def test_hidden_files_are_left_out_and_said(tmp_path):
    for name in ("a.nii.gz", "b.nii.gz", "._a.nii.gz", "._b.nii.gz", ".DS_Store"):
        (tmp_path / name).touch()
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "._a.nii.gz").touch()
    table = read_manifest(tmp_path)
    assert list(table["sid"]) == ["a", "b"]
    assert table.attrs["notes"] == [
        "Hidden files, left out: 2 (._a.nii.gz, ._b.nii.gz).",
        "No scans, left out: 1 (1 folder).",
    ]


def test_what_is_no_scan_is_counted_by_its_kind(tmp_path):
    for name in ("a.nii.gz", "read.TXT", "notes.txt", "labels.csv", "LICENSE", "report.pdf"):
        (tmp_path / name).touch()
    dicom_folder(tmp_path / "series")
    (tmp_path / "empty").mkdir()
    table = read_manifest(tmp_path)
    assert list(table["sid"]) == ["a", "series"]
    assert table.attrs["notes"] == ["No scans, left out: 6 (2 .txt, 1 .csv, 1 .pdf, 1 folder, 1 without an ending)."]


def test_what_lies_beside_the_slices_of_one_series_is_said(tmp_path):
    series = dicom_folder(tmp_path / "series")
    (series / "report.pdf").touch()
    dicom_folder(series / "second")
    assert read_manifest(series).attrs["notes"] == [
        "No scans, left out: 1 (1 .pdf).",
        "Folders with scans beside the slices of one series, left out: 1 (second).",
    ]


def test_dicom_files_beside_image_files(tmp_path):
    (tmp_path / "a.nii.gz").touch()
    dicom_folder(tmp_path / "series")
    (tmp_path / "stray.dcm").write_bytes((tmp_path / "series" / "1.dcm").read_bytes())
    table = read_manifest(tmp_path)
    assert list(table["sid"]) == ["a", "series"]
    assert table.attrs["notes"] == [
        "One DICOM file beside the image files, left out: stray.dcm. Give a series a folder of its own."
    ]
    (tmp_path / "second.dcm").write_bytes((tmp_path / "series" / "1.dcm").read_bytes())
    table = read_manifest(tmp_path)
    assert list(table["image"])[-1] == str(tmp_path) and len(table) == 3
    assert table.attrs["notes"] == ["2 DICOM files beside the image files were taken for one more scan."]


def test_any_name_becomes_a_safe_sid(tmp_path):
    names = [
        "张三.nii.gz",
        "李四.nii.gz",
        "José.nii.gz",
        "Иван 1.nrrd",
        "a b.nii",
        "a_b.nii",
        "x" * 150 + ".nii",
        "plain.mha",
    ]
    for name in names:
        (tmp_path / name).touch()
    table = read_manifest(tmp_path)
    by_name = {Path(image).name: sid for sid, image in zip(table["sid"], table["image"], strict=True)}
    assert by_name["plain.mha"] == "plain" and by_name["José.nii.gz"] == "Jose" and by_name["a_b.nii"] == "a_b"
    assert re.fullmatch("scan-[0-9a-f]{8}", by_name["张三.nii.gz"]) and re.fullmatch(
        "1-[0-9a-f]{8}", by_name["Иван 1.nrrd"]
    )
    assert re.fullmatch("a_b-[0-9a-f]{8}", by_name["a b.nii"]) and len(set(by_name.values())) == len(names)
    note = table.attrs["notes"][0]
    assert note.startswith("Names made safe: 5 (") and f"张三.nii.gz: {by_name['张三.nii.gz']}" in note
    assert by_name["张三.nii.gz"] == read_manifest(tmp_path / "张三.nii.gz")["sid"][0]


def test_names_in_composed_and_decomposed_letters_have_one_sid():
    composed, apart = (unicodedata.normalize(form, "Łódź é.nii.gz") for form in ("NFC", "NFD"))
    assert safe_sids([Path(composed)])[0] == safe_sids([Path(apart)])[0]


def test_a_row_of_a_folder_is_called_by_its_file(tmp_path):
    (tmp_path / "a.nii").touch()
    (tmp_path / "a.nii.gz").touch()
    with pytest.raises(ValueError, match=r"a\.nii\.gz: sid 'a' is already used in a\.nii\."):
        read_manifest(tmp_path)


def test_links_keep_the_name_that_is_given(tmp_path):
    (tmp_path / "blobs").mkdir()
    (tmp_path / "scans").mkdir()
    for name in ("a.nii.gz", "b.mha"):
        (tmp_path / "blobs" / name[0]).touch()
        (tmp_path / "scans" / name).symlink_to(tmp_path / "blobs" / name[0])
    table = read_manifest(tmp_path / "scans")
    assert list(table["sid"]) == ["a", "b"] and list(table["image"]) == [
        str(tmp_path / "scans" / name) for name in ("a.nii.gz", "b.mha")
    ]


def test_folders_too_high(tmp_path):
    for name in ("p1", "p2"):
        (tmp_path / name / "study").mkdir(parents=True)
        dicom_folder(tmp_path / name / "study" / "series")
    assert list(read_manifest(tmp_path)["sid"]) == ["p1", "p2"]
    (tmp_path / "up" / "scans").mkdir(parents=True)
    (tmp_path / "up" / "scans" / "a.nii").touch()
    assert list(read_manifest(tmp_path / "up")["sid"]) == ["a"]
    (tmp_path / "up" / "more").mkdir()
    (tmp_path / "up" / "more" / "b.nii").touch()
    with pytest.raises(ValueError, match=r"up: no NIfTI, .* in it \(but 2 files in folders below\)\. Give"):
        read_manifest(tmp_path / "up")


def test_a_dicomdir_makes_its_folder_one_scan(tmp_path):
    dicom_folder(tmp_path / "disk")
    (tmp_path / "disk" / "1.dcm").rename(tmp_path / "disk" / "DICOMDIR")
    dicom_folder(tmp_path / "disk" / "IMAGES")
    assert list(read_manifest(tmp_path / "disk")["image"]) == [str(tmp_path / "disk")]


@pytest.mark.parametrize("name", ["DICOMDIR", "index"])
def test_the_directory_of_a_disk_is_no_slice(tmp_path, name):
    """Beside folders of patients it makes them no one subject; with one scan the disk is that scan, by its own name."""
    (tmp_path / "disk").mkdir()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = "1.2.840.10008.1.3.10", ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = "1.2.4"
    directory = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    directory.DirectoryRecordSequence = []
    pydicom.dcmwrite(tmp_path / "disk" / name, directory)
    dicom_folder(tmp_path / "disk" / "PAT1")
    assert read_manifest(tmp_path / "disk")["sid"].tolist() == ["disk"]
    dicom_folder(tmp_path / "disk" / "PAT2")
    table = read_manifest(tmp_path / "disk")
    assert table["sid"].tolist() == ["PAT1", "PAT2"] and not table.attrs["notes"]


def test_a_sid_is_named_after_its_scan_or_not():
    names = ["a.nii.gz", "Müller, Hans.nrrd", "王.nii.gz", "x" * 200 + ".nii", "series 1"]
    sids, _ = safe_sids([Path(name) for name in names])
    assert all(map(is_named_after, sids, [f"scans/{name}" for name in names]))
    assert is_named_after("A-2", "a.nii.gz")
    assert not any(map(is_named_after, ["P001"] * len(names), names))
