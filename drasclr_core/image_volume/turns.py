"""Batches of images, slices and volumes, and which losses each step has: together, in turns, or in three stages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from drasclr_core.image_volume.engines import Samples
from drasclr_core.names import refuse_unknown
from drasclr_core.pretrain.mixed import MixedSampler
from drasclr_core.pretrain.shards import BatchShard

SCHEDULES = ("together", "turns", "stages")
"""All losses in every step; images, slices and volumes in turn; loss after loss, as the authors' code has it."""
LOSSES = ("intra", "mask", "inter")


class Turn(NamedTuple):
    """What a step sees, of ``images``, ``slices`` and ``volumes``, and its losses, of `LOSSES`."""

    seen: tuple[str, ...]
    losses: tuple[str, ...]


class JointBatch(NamedTuple):
    """One training step.

    Attributes
    ----------
    landmarks, subjects : int [B]
        Of its patches; positions in the patch store.
    images : int [N]
        Rows of the stream of images.
    turn : Turn
    epoch, step : int
        Its epoch, and its number of all.
    """

    landmarks: np.ndarray
    subjects: np.ndarray
    images: np.ndarray
    turn: Turn
    epoch: int
    step: int


def turns(schedule: str, losses: Sequence[str], flat: Sequence[str]) -> list[Turn]:
    """Returns the kinds of steps that there are.

    Parameters
    ----------
    schedule : str
        One of `SCHEDULES`.
    losses : sequence of str
        Those that are wanted, of `LOSSES`.
    flat : sequence of str
        What there is in 2D, of ``images`` and ``slices``.

    Raises
    ------
    ValueError
        Another schedule, no loss, or nothing in 2D for L_intra.
    """
    refuse_unknown([schedule], SCHEDULES, "schedule")
    if not losses or ("intra" in losses and not flat):
        raise ValueError("There is nothing to learn: give a loss a weight above 0, and L_intra slices or images.")
    in_2d, in_3d = [loss for loss in losses if loss == "intra"], [loss for loss in losses if loss != "intra"]
    if schedule == "together":
        return [Turn((*(flat if in_2d else ()), *(("volumes",) if in_3d else ())), tuple(losses))]
    if schedule == "stages":
        return [Turn(tuple(flat) if loss == "intra" else ("volumes",), (loss,)) for loss in losses]
    by_kind = [Turn((kind,), ("intra",)) for kind in flat if in_2d]
    return [*by_kind, *([Turn(("volumes",), tuple(in_3d))] if in_3d else [])]


def stage_of(done: float, stages: int) -> tuple[int, float]:
    """Returns the stage, of equally long ones, after a share `done` of all steps, and the share of it that is done."""
    stage = min(int(done * stages), stages - 1)
    return stage, done * stages - stage


class JointSampler(MixedSampler):
    """`MixedSampler` whose batches say what is seen, which images and which losses.

    Parameters
    ----------
    schedule : str
    kinds : list of Turn
        Of `turns`.
    images, images_per_step : int
        Images in all, and in a step.
    steps : int
        Of the training if it ends within an epoch, else 0; `epochs` says how long it is.
    epochs : int
    sizes
        What `MixedSampler` takes.
    """

    def __init__(self, schedule: str, kinds: list[Turn], images: int, images_per_step: int, steps: int, epochs: int,
                 *sizes: int):  # fmt: skip
        super().__init__(*sizes)
        self.schedule, self.kinds = schedule, kinds
        self.images, self.images_per_step = images, min(images, images_per_step)
        every = self.each * epochs
        self.total = min(every, steps or every)

    def turn(self, step: int) -> Turn:
        """What a step, counted over all epochs, sees and learns."""
        if self.schedule == "stages":
            return self.kinds[stage_of(step / self.total, len(self.kinds))[0]]
        return self.kinds[step % len(self.kinds)]

    def epoch(self, epoch: int, start: int = 0) -> Iterator[JointBatch]:
        """The batches of an epoch, from step `start` on."""
        for index, batch in enumerate(super().epoch(epoch, start), start=start):
            step = epoch * self.each + index
            turn, images = self.turn(step), np.empty(0, dtype=int)
            if "images" in turn.seen:
                random = np.random.default_rng([self.seed, epoch, index, 3])
                images = random.choice(self.images, self.images_per_step, replace=False)
            yield JointBatch(*batch, images, turn, epoch, step)


def patch_samples(batch: JointBatch, shard: BatchShard, landmarks: int, subjects: int) -> Samples:
    """Returns this process's patches, numbered over all landmarks and subjects."""
    numbers = batch.landmarks[shard.rows] * subjects + batch.subjects[shard.rows]
    return _samples(numbers, shard.rows, shard.size, landmarks * subjects, batch.epoch)


def flat_samples(batch: JointBatch, shard: BatchShard, patches: Samples, each: int, images: int) -> Samples:
    """Returns this process's slices, `each` of every patch, and then its images, of so many in all."""
    slices = each if "slices" in batch.turn.seen else 0
    slots = torch.arange(slices)
    numbers = (patches.numbers[:, None] * each + slots).flatten()
    rows = (patches.rows[:, None] * slices + slots).flatten()
    mine = image_rows(batch, shard)
    numbers = torch.cat([numbers, patches.total * each + torch.from_numpy(batch.images[mine])])
    rows = torch.cat([rows, shard.size * slices + torch.from_numpy(mine)])
    return Samples(numbers, rows, shard.size * slices + len(batch.images), patches.total * each + images, batch.epoch)


def image_rows(batch: JointBatch, shard: BatchShard) -> np.ndarray:
    """Returns which of the batch's images are this process's, the same share as of the patches: positions, int [n]."""
    first, last = (round(edge / shard.size * len(batch.images)) for edge in (shard.rows[0], shard.rows[-1] + 1))
    return np.arange(first, last)


def _samples(numbers: np.ndarray, rows: np.ndarray, batch: int, total: int, epoch: int) -> Samples:
    return Samples(torch.from_numpy(numbers), torch.from_numpy(rows), batch, total, epoch)
