"""Segmentation of heart structures: phantom hearts with contrast agent, slice by slice; Dice and Hausdorff distance."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch.nn.functional as F
from monai.metrics import compute_dice, compute_hausdorff_distance
from torch import Tensor

from drasclr_core.cohort.images.datasets import read_mmwhs
from drasclr_core.cohort.images.datasets.pairs import Case
from drasclr_core.imaging.constants import CONTRAST_WINDOW
from drasclr_core.imaging.window import brightness
from drasclr_core.run import Run
from drasclr_core.transfer.segmentation import SegmentationTask, Slices, as_slices, chosen_pairs

PERCENTILE = 95


class HeartStructures(SegmentationTask):
    """Which of seven structures is a pixel? `folder` may be MM-WHS's, of which the CT is read."""

    title = "Heart structures"
    metrics = ("Dice", "HD95")
    lower = ("HD95",)
    real = "MM-WHS 2017"

    @classmethod
    def of(cls, run: Run, folder: Path | None = None) -> HeartStructures:
        return cls(*chosen_pairs(read_mmwhs, run.cohort / "hearts", folder, "phantom hearts"))

    def slices(self, case: Case) -> Slices:
        return as_slices(2 * brightness(case.images, CONTRAST_WINDOW) - 1, case)

    def judge(self, found: Tensor, true: Tensor, spacing: np.ndarray) -> dict[str, float]:
        scores = overlaps(found, true, spacing, len(self.structures))
        return {f"{metric}: {name}": scores[row, column] for column, metric in enumerate(self.metrics)
                for row, name in enumerate(self.structures)}  # fmt: skip

    def summary(self, means: dict[str, float]) -> dict[str, float]:
        parts = {metric: [value for name, value in means.items() if name.startswith(f"{metric}: ")]
                 for metric in self.metrics}  # fmt: skip
        return {name: np.ma.masked_invalid(part).mean() for name, part in parts.items()} | means


def overlaps(found: Tensor, true: Tensor, spacing: np.ndarray, structures: int) -> np.ndarray:
    """Returns Dice and the 95th percentile of the Hausdorff distance (mm) of each structure [structures, 2].

    A structure that is there and not found has Dice 0 and, for a distance, the diagonal of the volume; one that is not
    there has none (NaN).

    Parameters
    ----------
    found, true : int64 Tensor [S, y, x]
    spacing : float [3]
        Along x, y, z, in mm.
    structures : int
        Classes beside the background.
    """
    masks = [F.one_hot(part, structures + 1).movedim(-1, 0)[None, 1:].float() for part in (found, true)]
    seen, there = (part[0].flatten(1).any(dim=1).numpy() for part in masks)
    scores = np.full((structures, 2), np.nan)
    scores[:, 0] = compute_dice(*masks)[0].numpy()
    scores[there, 1] = np.linalg.norm(np.array(true.shape) * spacing[::-1])
    both = np.flatnonzero(seen & there)
    if len(both):
        pair = [part[:, both] for part in masks]
        with warnings.catch_warnings():  # MONAI warns of an argument that it passes itself
            warnings.simplefilter("ignore", FutureWarning)
            distances = compute_hausdorff_distance(
                *pair, include_background=True, percentile=PERCENTILE, spacing=list(spacing[::-1])
            )
        scores[both, 1] = distances[0].numpy()
    return scores
