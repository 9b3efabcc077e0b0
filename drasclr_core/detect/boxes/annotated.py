"""The boxes that an annotator set, from the cohort's own file or from any CSV."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage

from drasclr_core.anatomy.quality.verdict import Quality
from drasclr_core.cohort.annotations import BOX_MM, COLUMNS, SUBTYPES
from drasclr_core.cohort.subjects import SHOWN, named
from drasclr_core.cohort.text_table import read_table
from drasclr_core.imaging.affine import transform
from drasclr_core.imaging.volume import load_mask
from drasclr_core.run import Run

LEAST_LUNG = 0.1
"""Share of a box that must be lung; the rule of the landmarks too."""


def read_boxes(path: str | Path, sids: Iterable[str]) -> pd.DataFrame:
    """Reads boxes of 32 mm from a CSV file.

    Parameters
    ----------
    path : path
        Columns ``sid, x, y, z, subtype``: the centre in RAS mm of the scan, and one of
        `drasclr_core.cohort.annotations.SUBTYPES`. Other columns are left out.
    sids : iterable of str
        The cohort's subjects.

    Returns
    -------
    DataFrame
        These five columns; the index is the number of each row in the file.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        A column is missing, a sid or a subtype unknown, a coordinate no number; the message names the rows.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"{path.name}: no such file of boxes. Give a CSV with the columns {', '.join(COLUMNS)}."
        )
    table = read_table(path, {"sid": str, "subtype": str}, numbered=True)
    absent = [column for column in COLUMNS if column not in table]
    if absent:
        raise ValueError(f"{path.name}: no column {absent[0]!r}, only {list(table)}. A file of boxes has the columns "
                         f"{', '.join(COLUMNS)}.")  # fmt: skip
    table, known = table[list(COLUMNS)].copy(), set(sids)
    numbers = table[["x", "y", "z"]].apply(pd.to_numeric, errors="coerce").astype(float)
    problems = []
    finite_rows = np.isfinite(numbers).all(axis=1)
    for row, sid, subtype, finite in zip(table.index, table["sid"], table["subtype"], finite_rows, strict=True):
        if sid not in known:
            problems.append(f"row {row}: no subject {sid!r} in this cohort")
        if subtype not in SUBTYPES:
            problems.append(f"row {row}: subtype {subtype!r} is none of {', '.join(SUBTYPES)}")
        if not finite:
            problems.append(f"row {row}: x, y, z are not all numbers")
    _complain(path.name, problems, "Correct or remove these rows.")
    return table.assign(**numbers)


def check_positions(run: Run, boxes: pd.DataFrame, name: str) -> None:
    """Raises ValueError, naming rows of the file `name`, for boxes outside the scan or mostly outside the lungs."""
    problems = []
    for row, sid, share in zip(boxes.index, boxes["sid"], lung_of_boxes(run, boxes), strict=True):
        if np.isnan(share):
            problems.append(f"row {row}: the box of {sid} lies outside its scan")
        elif share < LEAST_LUNG:
            problems.append(f"row {row}: less than {100 * LEAST_LUNG:.0f} % of the box of {sid} is lung")
    _complain(name, problems, "x, y, z must be RAS mm of the scan; from LPS (DICOM, ITK) change the signs of x and y.")


def lung_of_boxes(run: Run, boxes: pd.DataFrame) -> np.ndarray:
    """Returns the share of lung in each box (``sid, x, y, z``), [N]; NaN where its centre lies outside the scan."""
    centres, shares = boxes[["x", "y", "z"]].to_numpy(float), np.full(len(boxes), np.nan)
    for sid, rows in boxes.groupby("sid", sort=False).indices.items():
        lungs, affine = load_mask(run.anatomy(sid) / "lungs.nii.gz")
        voxels = np.rint(transform(np.linalg.inv(affine), centres[rows])).astype(int)
        inside = ((voxels >= 0) & (voxels < lungs.shape)).all(axis=1)
        shares[rows[inside]] = lung_share(lungs, affine)[tuple(voxels[inside].T)]
    return shares


def lung_share(lungs: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Returns the share of lung in the box round every voxel, float32 [x, y, z]."""
    side = max(round(BOX_MM / float(np.linalg.norm(affine[:3, 0]))), 1)
    return ndimage.uniform_filter((lungs > 0).astype(np.float32), side, mode="constant")


def usable(run: Run, sids: Iterable[str]) -> list[str]:
    """Returns those of the subjects whose scans were not refused and are aligned with the atlas."""
    files = ("affine.json", "quality.json")  # either may be left of a scan that was replaced
    aligned = [sid for sid in sids if all((run.alignment(sid) / name).exists() for name in files)]
    return [sid for sid in aligned if Quality.load(run.alignment(sid) / "quality.json").verdict != "refused"]


def left_out(boxes: pd.DataFrame, ready: list[str]) -> str:
    """Returns a sentence about boxes of subjects that are not `ready`; empty where there are none."""
    lost = boxes[~boxes["sid"].isin(ready)]
    if lost.empty:
        return ""
    sids = lost["sid"].unique()
    who = "this subject is" if len(sids) == 1 else "these subjects are"
    return f"{len(lost)} boxes are left out, because {who} not aligned with the atlas (notebook 04): {named(sids)}."


def _complain(name: str, problems: list[str], remedy: str) -> None:
    if problems:
        more = f" (and {len(problems) - SHOWN} more)" if len(problems) > SHOWN else ""
        raise ValueError(f"{name}: {'; '.join(problems[:SHOWN])}{more}. {remedy}")
