"""Healthy patches: random places in the lungs of subjects without disease (paper, section 4.3.1)."""

from __future__ import annotations

import zlib

import numpy as np
import pandas as pd

from drasclr_core.anatomy.volume import load_mask
from drasclr_core.cohort.boxes import COLUMNS
from drasclr_core.detect.boxes import LEAST_LUNG, lung_share
from drasclr_core.run import Run

HEALTHY = "healthy"
"""Their kind, where boxes have a subtype."""
LABELS = ("GOLD", "CLE", "paraseptal")
"""Columns of the subject table that are all 0 for subjects from whom healthy patches come."""
APART_MM = 26.0
"""Least distance of two healthy boxes of a subject along some axis: the step of the landmarks."""

_STREAM = 9002


def healthy_subjects(subjects: pd.DataFrame, boxes: pd.DataFrame) -> list[str]:
    """Subjects with GOLD 0, no visible emphysema of either subtype, and no box, in the order of the table.

    Raises
    ------
    ValueError
        The table lacks one of the three columns.
    """
    absent = [name for name in LABELS if name not in subjects]
    if absent:
        raise ValueError(f"subjects.parquet: no column {absent[0]!r}. Healthy patches come from subjects with "
                         f"{', '.join(LABELS)} all 0: add these labels to the manifest (notebook 01).")  # fmt: skip
    healthy = (subjects[list(LABELS)] == 0).all(axis=1) & ~subjects["sid"].isin(boxes["sid"])
    return subjects.loc[healthy, "sid"].tolist()


def healthy_boxes(run: Run, sids: list[str], count: int, seed: int = 0) -> pd.DataFrame:
    """Boxes at random voxels of the lungs, shared out evenly among subjects, apart from each other in a subject.

    Parameters
    ----------
    run : Run
        Has ``anatomy/<sid>/lungs.nii.gz``.
    sids : list of str
    count : int
        How many in all. There are fewer where the lungs have no room for more.
    seed : int

    Returns
    -------
    DataFrame
        ``sid, x, y, z, subtype`` as in a file of boxes; the subtype is ``healthy``.
    """
    rows = []
    for place, sid in enumerate(sids):
        wanted = count // len(sids) + (place < count % len(sids))
        lungs, affine = load_mask(run.anatomy(sid) / "lungs.nii.gz")
        rng = np.random.default_rng([seed, _STREAM, zlib.crc32(sid.encode())])
        inside = (lungs > 0) & (lung_share(lungs, affine) >= LEAST_LUNG)
        centres = np.argwhere(inside) @ affine[:3, :3].T + affine[:3, 3]
        for _ in range(wanted):
            if not len(centres):
                break
            x, y, z = centre = centres[rng.integers(len(centres))]
            centres = centres[np.abs(centres - centre).max(axis=1) >= APART_MM]
            rows.append({"sid": sid, "x": x, "y": y, "z": z, "subtype": HEALTHY})
    return pd.DataFrame(rows, columns=list(COLUMNS))
