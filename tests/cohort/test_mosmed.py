"""MosMedData's folders become grades; the registry is compared with them."""

from pathlib import Path

import pandas as pd
import pytest

from drasclr_core.cohort import mosmed
from drasclr_core.cohort.manifest import read_manifest
from drasclr_core.cohort.mosmed import is_mosmed, read_mosmed

STUDIES = {"study_0001": 0, "study_0255": 1, "study_0256": 1, "study_0939": 2, "study_1064": 3, "study_1109": 4}


@pytest.fixture
def folder(tmp_path):
    """COVID19_1110 as it is unpacked, with empty scans."""
    root = tmp_path / "COVID19_1110"
    for study, grade in STUDIES.items():
        (root / "studies" / f"CT-{grade}").mkdir(parents=True, exist_ok=True)
        (root / "studies" / f"CT-{grade}" / f"{study}.nii.gz").touch()
    (root / "masks").mkdir()
    (root / "masks" / "study_0255_mask.nii.gz").touch()
    (root / "README_EN.md").touch()
    return root


def registry(**changed) -> pd.DataFrame:
    grades = {**STUDIES, **changed}
    return pd.DataFrame(
        {
            "study_id": list(grades),
            "category": [f"CT-{grade}" for grade in grades.values()],
            "study_file": [f"/studies/CT-{grade}/{study}.nii.gz" for study, grade in grades.items()],
            "mask_file": "",
        }
    )


def test_grades_are_those_of_the_folders(folder):
    table = read_mosmed(folder)
    assert dict(zip(table["sid"], table["mosmed_grade"], strict=True)) == STUDIES
    assert list(table) == ["sid", "image", "mosmed_grade"] and table["mosmed_grade"].dtype == int
    assert all(Path(image).exists() and Path(image).is_absolute() for image in table["image"])
    assert table.attrs["notes"] == ["No dataset_registry.xlsx: grades are those of the folders and were not compared."]


def test_as_a_manifest_it_is_recognised(folder, tmp_path):
    assert is_mosmed(folder) and not is_mosmed(folder / "studies") and not is_mosmed(tmp_path)
    assert read_manifest(folder)["mosmed_grade"].tolist() == sorted(STUDIES.values())


def test_a_part_of_the_data_and_strange_files(folder):
    (folder / "studies" / "CT-4" / "study_1109.nii.gz").unlink()
    (folder / "studies" / "CT-1" / "._study_0255.nii.gz").touch()
    (folder / "studies" / "CT-1" / "Thumbs.db").touch()
    assert len(read_mosmed(folder)) == len(STUDIES) - 1


def test_a_registry_that_agrees(folder):
    registry().to_csv(folder / "dataset_registry.csv", index=False)
    assert read_mosmed(folder).attrs["notes"] == []


def test_a_registry_that_disagrees(folder):
    registry(study_0256=2).to_csv(folder / "dataset_registry.csv", index=False)
    with pytest.raises(
        ValueError, match=r"studies with two grades: 1 \(study_0256: CT-2 in the registry, CT-1 as a folder\)"
    ):
        read_mosmed(folder)


def test_studies_that_only_one_of_them_has(folder):
    registry(study_1110=4).iloc[1:].to_csv(folder / "dataset_registry.csv", index=False)
    assert read_mosmed(folder).attrs["notes"] == [
        "Studies of the registry without a scan, left out: 1 (study_1110).",
        "Scans that are not in the registry, kept: 1 (study_0001).",
    ]


def test_the_registry_as_it_is_published(folder):
    pytest.importorskip("openpyxl")
    registry().to_excel(folder / "dataset_registry.xlsx", index=False, sheet_name="MosMedData COVID19_1110")
    assert read_mosmed(folder).attrs["notes"] == []
    registry(study_0001=1).to_excel(folder / "dataset_registry.xlsx", index=False)
    with pytest.raises(ValueError, match="study_0001: CT-1 in the registry, CT-0 as a folder"):
        read_mosmed(folder)


def test_without_openpyxl_the_registry_is_not_needed(folder, monkeypatch):
    (folder / "dataset_registry.xlsx").touch()
    monkeypatch.setattr(mosmed.importlib.util, "find_spec", lambda name: None)
    table = read_mosmed(folder)
    assert len(table) == len(STUDIES) and "needs the package openpyxl" in table.attrs["notes"][0]


def test_a_registry_without_its_columns(folder):
    registry().rename(columns={"category": "class"}).to_csv(folder / "dataset_registry.csv", index=False)
    with pytest.raises(ValueError, match=r"dataset_registry\.csv: no column category, only \['study_id', 'class'"):
        read_mosmed(folder)


def test_one_study_in_two_grades(folder):
    (folder / "studies" / "CT-3" / "study_0001.nii.gz").touch()
    with pytest.raises(ValueError, match=r"studies that are there twice: 1 \(study_0001 in CT-0 and CT-3\)"):
        read_mosmed(folder)


def test_nothing_there(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        read_mosmed(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"no scans in studies/CT-0 to studies/CT-4\. Give the unpacked COVID19_1110"):
        read_mosmed(folder / "studies")


@pytest.mark.parametrize(
    ("name", "content"),
    [("xlsx", b"junk"), ("xlsx", b"PK\x03\x04 cut"), ("csv", b""), ("csv", b"study_id,category\n\xf1\xf2,CT-1\n")],
)
def test_a_registry_that_cannot_be_read_stops_nobody(folder, name, content):
    (folder / f"dataset_registry.{name}").write_bytes(content)
    notes = read_mosmed(folder).attrs["notes"]
    assert len(notes) == 1 and notes[0].startswith(f"dataset_registry.{name} was not compared: it cannot be read")


def test_a_study_without_category_in_the_registry_is_not_contradicted(folder):
    sid = read_mosmed(folder)["sid"].iloc[0]
    (folder / "dataset_registry.csv").write_text(f"study_id,category\n{sid},\n")
    assert len(read_mosmed(folder)) > 1
