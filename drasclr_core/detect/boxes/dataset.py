"""Everything that the stages of emphysema detection share: which boxes, their patches, and the folds of subjects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.cohort.subjects import read_subjects
from drasclr_core.detect.boxes.annotated import check_positions, left_out, read_boxes, usable
from drasclr_core.detect.boxes.folds import fold_of_subjects, validation_split
from drasclr_core.detect.boxes.healthy import HEALTHY, healthy_boxes, healthy_subjects
from drasclr_core.detect.boxes.patches import BoxPatches, cut_boxes
from drasclr_core.run import Run

LEAST_SUBJECTS = 4
"""So many annotated and so many healthy subjects a subtype needs, two to train, one to stop by and one to test."""
NEGATIVE, POSITIVE, OTHER = 0, 1, 2
"""What a box is to the detector of a subtype: healthy, of this subtype, of the other one."""


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

    def kinds(self, subtype: str) -> np.ndarray:
        """Returns int [N], what each box is to the detector of a subtype: `NEGATIVE`, `POSITIVE` or `OTHER`."""
        own = self.patches.table["subtype"].to_numpy()
        return np.where(own == subtype, POSITIVE, np.where(own == HEALTHY, NEGATIVE, OTHER))

    def training(self, subtype: str, fold: int, twins: bool) -> np.ndarray:
        """Returns indices of the boxes that train the detector tested on a fold: `rows` of the other folds.

        With `twins` those of the other subtype are among them. They are negatives that are diseased too and lie where
        disease lies, so that a detector has to tell its own subtype and not low attenuation of any kind.
        """
        chosen = (self.kinds(subtype) != OTHER) | twins
        return np.flatnonzero(chosen & (self.fold != fold))

    def stopping(self, subtype: str, train: np.ndarray, seed: int) -> np.ndarray:
        """Returns which of the `training` boxes only stop a training and calibrate it, bool (`validation_split`)."""
        return validation_split(self.table["sid"].to_numpy()[train], self.kinds(subtype)[train], seed)

    def tested(self, subtype: str, fold: int, twins: bool) -> np.ndarray:
        """Returns indices of the boxes of a fold on which a detector is tested; with `twins`, of the other subtype too.

        Table 5 is about annotated and healthy boxes; those of the other subtype say how far a detector tells the two
        apart (`discrimination_draws`).
        """
        chosen = (self.kinds(subtype) != OTHER) | twins
        return np.flatnonzero(chosen & (self.fold == fold))

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
