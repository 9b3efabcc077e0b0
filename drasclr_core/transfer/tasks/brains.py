"""Segmentation of brain tumours in four MR modalities, slice by slice; Dice of the regions that BraTS scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from monai.metrics import compute_dice
from torch import Tensor

from drasclr_core.cohort.images.datasets import read_brats18
from drasclr_core.cohort.images.datasets.brats18 import REGIONS, regions
from drasclr_core.cohort.images.datasets.pairs import Case
from drasclr_core.run import Run
from drasclr_core.transfer.segmentation import SegmentationTask, Slices, as_slices, chosen_pairs

REACH = 3.0
"""Brightness counts up to so many standard deviations from the brain's mean."""


class BrainTumours(SegmentationTask):
    """Which pixels are core, oedema, enhancing tumour? `folder` may be that of BraTS 2018.

    The encoder knows one channel; its first layer is widened to four modalities. Each is standardised over the brain.
    """

    title = "Brain tumours"
    metrics = tuple(f"Dice {region}" for region in REGIONS)
    sought = True
    real = "MICCAI_BraTS_2018_Data_Training"

    @classmethod
    def of(cls, run: Run, folder: Path | None = None) -> BrainTumours:
        return cls(*chosen_pairs(read_brats18, run.cohort / "brains", folder, "brains with tumours"))

    def slices(self, case: Case) -> Slices:
        return as_slices(np.stack([standardised(image) for image in case.images]), case)

    def judge(self, found: Tensor, true: Tensor, spacing: np.ndarray) -> dict[str, float]:
        return region_dice(found.numpy(), true.numpy())


def standardised(image: np.ndarray) -> np.ndarray:
    """Returns an image [x, y, z] with mean 0 over the brain, where it is not 0, and 1 at `REACH` standard deviations.

    Beyond, it is cut off; what is no brain is -1, black.
    """
    brain = image != 0
    values = image[brain]
    scaled = (image - values.mean()) / (REACH * max(float(values.std()), 1e-6))
    return np.where(brain, scaled.clip(-1, 1), -1).astype(np.float32)


def region_dice(found: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """Returns the Dice of each region of BraTS, ``Dice whole tumour`` and so on, from classes of one subject.

    As in the challenge it is 1 where a region is neither there nor found, and 0 where it is one of the two.
    """
    masks = [torch.from_numpy(np.stack(list(regions(part).values())))[None].float() for part in (found, true)]
    scores = compute_dice(*masks, ignore_empty=False)[0]
    return {f"Dice {name}": float(score) for name, score in zip(REGIONS, scores, strict=True)}
