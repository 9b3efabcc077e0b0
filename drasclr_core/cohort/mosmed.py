"""MosMedData (COVID19_1110): 1,110 chest CT in folders CT-0 to CT-4, which are the severity grades."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pandas as pd

from drasclr_core.cohort.subjects import check_subjects, named
from drasclr_core.cohort.text_table import read_table
from drasclr_core.imaging.readers import file_suffix, is_image_file

REGISTRY = "dataset_registry"
GRADES = tuple(f"CT-{grade}" for grade in range(5))


def is_mosmed(folder: str | Path) -> bool:
    """Returns whether a folder is MosMedData: it holds ``studies/CT-0`` ... ``studies/CT-4``, not necessarily all."""
    return any((Path(folder) / "studies" / grade).is_dir() for grade in GRADES)


def read_mosmed(folder: str | Path) -> pd.DataFrame:
    """Returns a subject table of MosMedData.

    Parameters
    ----------
    folder : path
        With ``studies/CT-0/study_0001.nii.gz`` and so on, and ``dataset_registry.xlsx`` beside ``studies`` where there
        is one. The grade is the folder's; the registry (columns ``study_id``, ``category``) is only compared with it.
        Reading xlsx needs the package openpyxl; the registry may also be saved as ``dataset_registry.csv``.

    Returns
    -------
    DataFrame
        In order of sid: ``sid`` (``study_0001``), ``image`` (absolute) and ``mosmed_grade`` (0 to 4, as in the phantom
        covid cohort: zero, mild, moderate, severe, critical). ``attrs["notes"]`` lists in sentences what is missing.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    ValueError
        No study in it, a study in two grades, or grades that the registry contradicts; the message names them.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder.name}: no such folder. Give the unpacked COVID19_1110 of MosMedData.")
    studies = [path for grade in GRADES for path in sorted((folder / "studies" / grade).glob("*")) if _is_study(path)]
    if not studies:
        raise ValueError(f"{folder.name}: no scans in studies/CT-0 to studies/CT-4. Give the unpacked COVID19_1110 of "
                         "MosMedData, the folder that holds studies.")  # fmt: skip
    table = pd.DataFrame(
        {
            "sid": [_study(path.name) for path in studies],
            "image": [os.path.abspath(path) for path in studies],
            "mosmed_grade": [GRADES.index(path.parent.name) for path in studies],
        }
    ).sort_values("sid", ignore_index=True)
    twice = table[table["sid"].duplicated(keep=False)].groupby("sid")["mosmed_grade"].agg(list)
    if len(twice):
        where = named(f"{sid} in {' and '.join(GRADES[grade] for grade in grades)}" for sid, grades in twice.items())
        raise ValueError(f"{folder.name}: studies that are there twice: {len(twice)} ({where}). Keep one of each.")
    check_subjects(table, folder.name)
    table.attrs["notes"] = _compare(table, folder)
    return table


def _compare(table: pd.DataFrame, folder: Path) -> list[str]:
    """Notes on studies that only the registry or only the folder has; grades have to agree."""
    registry, note = _read_registry(folder)
    if registry is None:
        return [note]
    found = table.set_index("sid")["mosmed_grade"].map(lambda grade: GRADES[grade])
    wrong = [(sid, category) for sid, category in registry.items() if sid in found and category != found[sid]]
    if wrong:
        which = named(f"{sid}: {said} in the registry, {found[sid]} as a folder" for sid, said in wrong)
        raise ValueError(f"{folder.name}: studies with two grades: {len(wrong)} ({which}). Unpack the data again.")
    differences = (
        (registry.index.difference(found.index), "Studies of the registry without a scan, left out"),
        (found.index.difference(registry.index), "Scans that are not in the registry, kept"),
    )
    return [f"{what}: {len(sids)} ({named(sids)})." for sids, what in differences if len(sids)]


def _read_registry(folder: Path) -> tuple[pd.Series | None, str]:
    """Category by study, or None and the reason."""
    text, workbook = (folder / f"{REGISTRY}{suffix}" for suffix in (".csv", ".xlsx"))
    file = text if text.exists() else workbook
    if not file.exists():
        return None, f"No {workbook.name}: grades are those of the folders and were not compared."
    if file == workbook and importlib.util.find_spec("openpyxl") is None:
        return None, (f"{workbook.name} was not compared: reading it needs the package openpyxl (or save it as "
                      f"{text.name}). Grades are those of the folders.")  # fmt: skip
    try:
        registry = read_table(text, str) if file == text else pd.read_excel(file, dtype=str)
    except Exception as error:  # a damaged workbook makes the libraries raise anything
        return None, (f"{file.name} was not compared: it cannot be read ({type(error).__name__}). Download it again or "
                      "go on: grades are those of the folders.")  # fmt: skip
    registry.columns = [str(column).strip().lower() for column in registry.columns]
    absent = [column for column in ("study_id", "category") if column not in registry]
    if absent:
        raise ValueError(f"{file.name}: no column {' and '.join(absent)}, only {list(registry)}. Download the registry "
                         "again, or move it away: the folders carry the grades.")  # fmt: skip
    registry = registry.dropna(subset=["study_id", "category"])
    return pd.Series(registry["category"].str.strip().to_numpy(), registry["study_id"].map(_study)), ""


def _is_study(path: Path) -> bool:
    return path.is_file() and is_image_file(path)


def _study(name: str) -> str:
    name = name.strip()
    return name[: len(name) - len(file_suffix(name))]
