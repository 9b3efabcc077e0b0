"""Batches of a training in two stages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from drasclr_core.pretrain.mixed import MixedSampler
from drasclr_core.pretrain.settings import TrainingSettings


class StagedBatch(NamedTuple):
    """One step's patches, int [B] landmarks and subjects (positions in the patch store), and whether it is `second`."""

    landmarks: np.ndarray
    subjects: np.ndarray
    second: bool


class StagedSampler(MixedSampler):
    """`MixedSampler` that says which steps, the last ones of all, are of a second stage.

    Parameters
    ----------
    settings : TrainingSettings
        Say how many steps there are.
    second_share : float
        Share of all steps.
    sizes
        What `MixedSampler` takes.
    """

    def __init__(self, settings: TrainingSettings, second_share: float, *sizes: int):
        super().__init__(*sizes)
        total = self.each * settings.epochs
        total = min(total, settings.most_steps or total)
        self.second_from = total - round(second_share * total)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[StagedBatch]:
        """The batches of an epoch, from step `start` on."""
        for index, batch in enumerate(super().epoch(epoch, start), start=start):
            yield StagedBatch(*batch, epoch * self.each + index >= self.second_from)
