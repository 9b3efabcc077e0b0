"""VinDr-CXR: 18,000 chest radiographs as DICOM, with findings and boxes (Nguyen et al., Scientific Data 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from drasclr_core.cohort.images.datasets.pairs import require_folder
from drasclr_core.cohort.images.refused import refused_table
from drasclr_core.cohort.text_table import read_table

PARTS = ("train", "test")
ENDINGS = (".dicom", ".dcm", ".png", ".jpg")
"""The published images end in .dicom; copies that were converted keep their names."""
NO_FINDING = "No finding"
KEYS = ("image_id", "rad_id")
BOX = ("x_min", "y_min", "x_max", "y_max")
MAJORITY = 0.5
"""A finding counts where more than this share of the readers (three of each training image) reports it."""


@dataclass(frozen=True)
class VinDrCXR:
    """One part of VinDr-CXR.

    Attributes
    ----------
    images : DataFrame
        ``sid`` (the image_id), ``image`` (a path), one column of 0 and 1 for each finding by its published name, and
        ``abnormal`` (1: any finding).
    boxes : DataFrame
        ``sid, reader, finding, x_min, y_min, x_max, y_max`` in pixels; empty where there is no file of them.
    refused : DataFrame
        ``name, message`` of images that are labelled and not there.
    notes : list of str
        Sentences on what was left out.
    """

    images: pd.DataFrame
    boxes: pd.DataFrame
    refused: pd.DataFrame
    notes: list[str]


def read_vindr_cxr(folder: str | Path, part: str = "train") -> VinDrCXR:
    """Returns one part of VinDr-CXR.

    Parameters
    ----------
    folder : path
        With ``train/<image_id>.dicom``, ``test/<image_id>.dicom`` and
        ``annotations/image_labels_train.csv, annotations_train.csv, image_labels_test.csv, annotations_test.csv``.
    part : str
        ``train`` (each image read by three radiologists; the majority counts) or ``test`` (one consensus).

    Raises
    ------
    FileNotFoundError
        There is no such folder, or no file of labels in it.
    ValueError
        `part` is another word, a column is missing, or no labelled image is there; the message says which.
    """
    folder = Path(folder)
    if part not in PARTS:
        raise ValueError(f"part is {part!r}: choose {' or '.join(map(repr, PARTS))}")
    require_folder(folder, "VinDr-CXR")
    notes: list[str] = []
    labels = _labels(folder, part, notes)
    there = {path.stem: path for path in sorted((folder / part).glob("*")) if path.suffix.lower() in ENDINGS}
    refused = [(sid, f"{sid}.dicom: no such file in {part}. Download it again, or go on without it.")
               for sid in labels.index if sid not in there]  # fmt: skip
    labels = labels[labels.index.isin(there)]
    if labels.empty:
        raise ValueError(
            f"{folder.name}: none of {len(refused)} labelled images is in {part}. Put <image_id>.dicom there."
        )
    unlabelled = len(there) - len(labels)
    if unlabelled:
        notes.append(f"Images of {part} without labels, left out: {unlabelled}.")
    images = labels.reset_index(names="sid")
    images.insert(1, "image", [str(there[sid].resolve()) for sid in images["sid"]])
    return VinDrCXR(images, _boxes(folder, part, set(images["sid"]), notes), refused_table(refused), notes)


def _labels(folder: Path, part: str, notes: list[str]) -> pd.DataFrame:
    """Findings by image, 0 or 1, and ``abnormal``."""
    file = folder / "annotations" / f"image_labels_{part}.csv"
    if not file.is_file():
        raise FileNotFoundError(f"{file.name}: no such file in {folder.name}/annotations. Download it from PhysioNet.")
    table = read_table(file, {"image_id": str, "rad_id": str})
    findings = [name for name in table if name not in (*KEYS, NO_FINDING)]
    if "image_id" not in table or not findings:
        raise ValueError(f"{file.name}: no column image_id, or none of findings, only {list(table)}. Give the file "
                         "as it is published.")  # fmt: skip
    votes = table[findings].apply(pd.to_numeric, errors="coerce")
    bad = ~votes.isin((0, 1)).all(axis=1) | table["image_id"].isna()
    if bad.any():
        notes.append(f"{file.name}: rows with another value than 0 and 1, left out: {bad.sum()}.")
    found = (votes[~bad].groupby(table.loc[~bad, "image_id"].str.strip()).mean() > MAJORITY).astype(int)
    return found.assign(abnormal=found.max(axis=1)).rename_axis(index=None)


def _boxes(folder: Path, part: str, sids: set[str], notes: list[str]) -> pd.DataFrame:
    file = folder / "annotations" / f"annotations_{part}.csv"
    columns = ["sid", "reader", "finding", *BOX]
    if not file.is_file():
        notes.append(f"No {file.name}: there are no boxes.")
        return pd.DataFrame(columns=columns)
    table = read_table(file, {"image_id": str, "rad_id": str})
    absent = [name for name in ("image_id", "class_name", *BOX) if name not in table]
    if absent:
        raise ValueError(f"{file.name}: no column {', '.join(absent)}, only {list(table)}. Give the file as published.")
    table = table.rename(columns={"image_id": "sid", "rad_id": "reader", "class_name": "finding"})
    table = table.assign(
        reader=table.get("reader", "consensus"), **table[list(BOX)].apply(pd.to_numeric, errors="coerce")
    )
    table = table[table["sid"].isin(sids) & (table["finding"] != NO_FINDING)]
    empty = ~((table["x_max"] > table["x_min"]) & (table["y_max"] > table["y_min"]))
    if empty.any():
        notes.append(f"{file.name}: boxes without an area, left out: {empty.sum()}.")
    return table.loc[~empty, columns].reset_index(drop=True)
