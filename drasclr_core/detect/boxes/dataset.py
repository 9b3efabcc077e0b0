"""Everything that the stages of emphysema detection share: which boxes, their patches, and the folds of subjects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.cohort.subjects import read_subjects
from drasclr_core.detect.boxes.annotated import check_positions, left_out, read_boxes, usable
from drasclr_core.detect.boxes.folds import fold_of_subjects
from drasclr_core.detect.boxes.healthy import HEALTHY, healthy_boxes, healthy_subjects
from drasclr_core.detect.boxes.patches import BoxPatches, cut_boxes
from drasclr_core.run import Run

LEAST_SUBJECTS = 4
"""So many annotated and so many healthy subjects a subtype needs, two to train, one to stop by and one to test."""


@dataclass(frozen=True)
class Boxes:
    """The boxes of a cohort, ready for detection.

    Attributes
    ----------
    patches : BoxPatches
    fold : int [N]
        The fold of each box's subject.
    remark : str
        What a reader should know of boxes that were left out; may be empty.
    """

    patches: BoxPatches
    fold: np.ndarray
    remark: str

    @property
    def table(self) -> pd.DataFrame:
        """``sid, x, y, z, subtype`` and ``fold``."""
        return self.patches.table.assign(fold=self.fold)

    def rows(self, subtype: str) -> np.ndarray:
        """Returns indices of the boxes of a task: those of the subtype, and the healthy ones."""
        return np.flatnonzero(self.table["subtype"].isin([subtype, HEALTHY]))

    def labels(self) -> np.ndarray:
        """Returns bool [N], whether a box was annotated; False for healthy ones."""
        return (self.table["subtype"] != HEALTHY).to_numpy()

    def obstacle(self, subtype: str) -> str:
        """Returns why a subtype cannot be evaluated with these boxes; empty where it can."""
        table = self.table
        for kind in (subtype, HEALTHY):
            subjects = table.loc[table["subtype"] == kind, "sid"].nunique()
            if subjects < LEAST_SUBJECTS:
                return f"{kind} patches come from {subjects} subjects, and at least {LEAST_SUBJECTS} are needed"
        return ""


def load_boxes(run: Run, patch_size: int, spacing: float, boxes: str | Path = "", healthy: int = 0, folds: int = 5,
               seed: int = 0) -> Boxes:  # fmt: skip
    """Reads and checks the boxes, adds healthy ones, cuts their patches (once) and draws the folds of subjects.

    Parameters
    ----------
    patch_size, spacing
        Edge in voxels and voxel size in mm, of the encoder's ``description``.
    boxes : path
        CSV file as in `read_boxes`; empty for the cohort's own.
    healthy : int
        How many healthy patches; 0 for one at the place of every annotated box.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_boxes`, `healthy_subjects` and `check_positions`.
    """
    subjects, path = read_subjects(run), Path(boxes) if boxes else run.boxes
    given = read_boxes(path, subjects["sid"])
    ready = usable(run, given["sid"].unique())
    remark, annotated = left_out(given, ready), given[given["sid"].isin(ready)]
    check_positions(run, annotated, path.name)
    free = healthy_boxes(
        run, usable(run, healthy_subjects(subjects, given)), annotated, healthy or len(annotated), seed
    )
    table = pd.concat([annotated, free], ignore_index=True)
    patches = cut_boxes(run, table, subjects, patch_size, spacing)
    of_subject = fold_of_subjects(table, folds, seed)
    return Boxes(patches, table["sid"].map(of_subject).to_numpy(), remark)
