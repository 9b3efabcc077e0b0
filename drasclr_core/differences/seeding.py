"""Random changes drawn by loading processes that nobody seeds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

from drasclr_core.pretrain.augment import Augmentation
from drasclr_core.pretrain.views import step_generator


class OwnGenerator(Dataset):
    """Draws a rotation per sample from a generator that it owns, as MONAI's random transforms do."""

    def __init__(self, samples: int, seed: int):
        self.samples, self.random = samples, np.random.RandomState(seed)

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, index: int) -> tuple[int, float]:
        return get_worker_info().id, self.random.uniform(-10, 10)


def drawn_by_workers(seed: int, samples: int = 24, batch: int = 4, workers: int = 2, epochs: int = 2) -> pd.DataFrame:
    """Makes the mistake: workers get a copy of the generator, the same one each, at the beginning of every epoch.

    Returns
    -------
    DataFrame
        One row per sample: epoch, sample, worker, angle (degrees).
    """
    loader = DataLoader(OwnGenerator(samples, seed), batch, num_workers=workers, timeout=60)
    rows = [
        (epoch, int(worker), float(angle))
        for epoch in range(epochs)
        for pair in loader
        for worker, angle in zip(*pair, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["epoch", "worker", "angle"])
    return table.assign(sample=table.groupby("epoch").cumcount())


def drawn_by_steps(seed: int, samples: int = 24, batch: int = 4, epochs: int = 2) -> pd.DataFrame:
    """Does it our way: one generator per step, from seed, epoch and step (the same table, without workers)."""
    augment, rows = Augmentation(), []
    for epoch in range(epochs):
        for step in range(samples // batch):
            matrices = augment.draw_affine(batch, step_generator(seed, epoch, step))
            rows += [(epoch, angle) for angle in _angles(matrices).tolist()]
    table = pd.DataFrame(rows, columns=["epoch", "angle"])
    return table.assign(sample=table.groupby("epoch").cumcount())


def distinct(table: pd.DataFrame) -> int:
    """Counts the different angles."""
    return table["angle"].round(4).nunique()


def _angles(matrices: torch.Tensor) -> torch.Tensor:
    """Returns the rotation about the y axis in degrees, of affine matrices [B, 3, 4]."""
    column = torch.nn.functional.normalize(matrices[:, :, 2], dim=1)
    return column[:, 0].asin().rad2deg()
