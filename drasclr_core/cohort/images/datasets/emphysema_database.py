"""Computed Tomography Emphysema Database: slices and expert patches of 39 people, the one open set with the paper's two
subtypes (Sørensen et al., IEEE TMI 2010).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from drasclr_core.cohort.images.datasets.pairs import require_folder
from drasclr_core.cohort.images.refused import refused_table
from drasclr_core.imaging.refusal import refusal

PATTERNS = {1: "normal", 2: "centrilobular", 3: "paraseptal", 4: "panlobular"}
"""Codes in the tables; patches have the first three."""
SEVERITIES = ("none", "minimal", "mild", "moderate", "severe", "very severe")
"""Of the emphysema in a slice, 0 to 5."""


@dataclass(frozen=True)
class EmphysemaDatabase:
    """The database in two tables.

    Attributes
    ----------
    patches : DataFrame
        ``name`` (``patch1``), ``image`` (a path), ``subject`` (1 to 39) and ``pattern``, a name of `PATTERNS`.
    slices : DataFrame
        ``name`` (``1_upper``), ``image``, ``subject, level``, ``pattern`` (the leading one) and ``severity`` (0 to 5).
    refused : DataFrame
        ``name, message`` of images that the tables name and the folders lack, or whose label is no code.
    """

    patches: pd.DataFrame
    slices: pd.DataFrame
    refused: pd.DataFrame


def read_emphysema_database(folder: str | Path) -> EmphysemaDatabase:
    """Returns the tables of the Computed Tomography Emphysema Database.

    Parameters
    ----------
    folder : path
        With ``patches/patch1.tiff`` and so on, ``slices/<subject>_<level>.tiff``, ``patch_labels.csv`` and
        ``patch_subjects.csv`` (one number for each patch, in order, no header), ``slice_labels.csv`` and
        ``slice_severity.csv`` (name of the slice and number, no header).

    Raises
    ------
    FileNotFoundError
        There is no such folder, or one of the four tables is missing.
    ValueError
        The tables do not belong to each other, or hold no number where one has to be; the message names the row.
    """
    folder = Path(folder)
    require_folder(folder, "the Computed Tomography Emphysema Database")
    labels, subjects = (_numbers(folder / name, 1) for name in ("patch_labels.csv", "patch_subjects.csv"))
    if len(labels) != len(subjects):
        raise ValueError(f"patch_subjects.csv: {len(subjects)} rows, but patch_labels.csv has {len(labels)}. "
                         "Download both again.")  # fmt: skip
    patches = [
        {"name": f"patch{number}", "subject": subject, "code": code}
        for number, ((_, code), (_, subject)) in enumerate(zip(labels, subjects, strict=True), start=1)
    ]
    patterns, severity = (dict(_numbers(folder / name, 2)) for name in ("slice_labels.csv", "slice_severity.csv"))
    apart = sorted(set(patterns) ^ set(severity))
    if apart:
        raise ValueError(f"slice_severity.csv and slice_labels.csv name other slices ({', '.join(apart[:5])}). "
                         "Download both again.")  # fmt: skip
    slices = [{**_place(name), "code": code, "severity": severity[name]} for name, code in patterns.items()]
    refused: list[tuple[str, str]] = []
    good_patches = _with_images(folder / "patches", patches, (1, 2, 3), refused)
    good_slices = _with_images(folder / "slices", slices, tuple(PATTERNS), refused)
    return EmphysemaDatabase(
        pd.DataFrame(good_patches, columns=["name", "image", "subject", "pattern"]),
        pd.DataFrame(good_slices, columns=["name", "image", "subject", "level", "pattern", "severity"]),
        refused_table(refused),
    )


def _place(name: str) -> dict:
    """Whose slice it is, and where in the lungs, from its name (``1_upper``)."""
    subject, _, level = name.partition("_")
    if not subject.isdigit():
        raise ValueError(f"slice_labels.csv: a slice called {name}, expected <subject>_<level>. Download it again.")
    return {"name": name, "subject": int(subject), "level": level}


def _numbers(file: Path, columns: int) -> list[tuple[str, int]]:
    """Rows of a table without header: the name before the number ("" in a table of one column), and the number."""
    if not file.is_file():
        raise FileNotFoundError(
            f"{file.name}: no such file in {file.parent.name}. Download it from the database's page."
        )
    rows = []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for place, cells in enumerate(csv.reader(lines), start=1):
            cells = [cell.strip() for cell in cells if cell.strip()]
            if not cells:
                continue
            try:
                if len(cells) != columns or not float(cells[-1]).is_integer():
                    raise ValueError
                rows.append((cells[0] if columns == 2 else "", int(float(cells[-1]))))
            except ValueError:
                shape = "a number" if columns == 1 else "a name and a number"
                raise ValueError(f"{file.name}: row {place} is not {shape}. Download the file again.") from None
    return rows


def _with_images(folder: Path, rows: list[dict], codes: tuple[int, ...], refused: list[tuple[str, str]]) -> list[dict]:
    """Rows whose image is there and whose code means a pattern."""
    good = []
    for row in rows:
        file = next((path for end in (".tiff", ".tif") if (path := folder / f"{row['name']}{end}").is_file()), None)
        problem = None
        if file is None:
            problem = refusal(f"{row['name']}.tiff", f"no such file in {folder.name}", "Unpack the images again")
        elif row["code"] not in codes:
            problem = refusal(file, f"label {row['code']}, known are {', '.join(map(str, codes))}", "Correct the table")
        elif not 0 <= row.get("severity", 0) < len(SEVERITIES):
            problem = refusal(file, f"severity {row['severity']}, known are 0 to {len(SEVERITIES) - 1}", "Correct it")
        if problem:
            refused.append((row["name"], str(problem)))
        else:
            good.append({**row, "image": str(file.resolve()), "pattern": PATTERNS[row["code"]]})
    return good
