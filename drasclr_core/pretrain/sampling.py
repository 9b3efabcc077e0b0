"""Which patches make a batch, and reading them ahead of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from drasclr_core.pretrain.alike import dealt_alike


class Batch(NamedTuple):
    """One training step's patches: one landmark, int [B] subjects (positions in the patch store)."""

    landmark: int
    subjects: np.ndarray


class LandmarkSampler:
    """Batches of one landmark each; an epoch shows every subject once at every landmark.

    The subjects of each landmark are shuffled and dealt into blocks. A run is a few blocks of a landmark one after the
    other, so that its memory bank holds keys of the last few steps; runs are shuffled over all landmarks. All of it
    follows from (seed, epoch), so a resumed training finds its place again. Blocks are of nearly equal size and never
    of one subject, which batch norm could not take: with ``batch_size=2`` and an odd cohort one block has three.

    Parameters
    ----------
    num_landmarks, num_subjects, batch_size : int
    landmark_run_length : int
        Blocks in a row; 1 shuffles (landmark, block) pairs freely, a large number shows all subjects of a landmark
        before the next landmark, as the authors' code does.
    seed : int
    processes : int
        That share every batch: each gets at least two subjects of it.
    density : float [N], optional
        Of the subjects: those of a batch are alike in it (see `dealt_alike`).

    Raises
    ------
    ValueError
        For fewer than 2 subjects or a batch size below 2, for each process.
    """

    def __init__(self, num_landmarks: int, num_subjects: int, batch_size: int, landmark_run_length: int = 1,
                 seed: int = 0, processes: int = 1, density: np.ndarray | None = None):  # fmt: skip
        self.num_landmarks, self.num_subjects, self.density = num_landmarks, num_subjects, density
        self.landmark_run_length, self.seed = landmark_run_length, seed
        self.blocks = subject_blocks(num_subjects, batch_size, processes)

    def steps(self, epoch: int) -> int:
        """Steps of an epoch, the same for all."""
        return self.num_landmarks * self.blocks

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, from step `start` on."""
        every = shuffled_runs(self.num_landmarks, self.blocks, self.landmark_run_length, self.seed, epoch)
        for landmark, block in every[start:]:
            dealt = dealt_subjects(self.num_subjects, self.blocks, self.seed, epoch, landmark, self.density)
            yield Batch(landmark, dealt[block])


def subject_blocks(num_subjects: int, batch_size: int, processes: int) -> int:
    """Returns into how many nearly equal parts the subjects are dealt (see `LandmarkSampler`)."""
    least = 2 * processes
    if num_subjects < least or batch_size < least:
        among = f" for {processes} processes; take fewer" if processes > 1 else ""
        raise ValueError(f"Contrasting needs at least {least} subjects and a batch size of {least} or more, not "
                         f"{num_subjects} subjects in batches of {batch_size}{among}.")  # fmt: skip
    return min(-(-num_subjects // batch_size), num_subjects // least)


def shuffled_runs(places: int, blocks: int, run_length: int, seed: int, epoch: int) -> list[tuple[int, int]]:
    """Returns (place, block) of every step of an epoch: runs of a place's blocks, in random order over all places."""
    runs = [(place, first) for place in range(places) for first in range(0, blocks, run_length)]
    order = np.random.default_rng([seed, epoch]).permutation(runs)
    return [(int(place), block) for place, first in order for block in range(first, min(first + run_length, blocks))]


def dealt_subjects(num_subjects: int, blocks: int, seed: int, epoch: int, place: int,
                   density: np.ndarray | None = None) -> list[np.ndarray]:  # fmt: skip
    """Returns the subjects of each block of a place in an epoch, int [B] each; with a density [N], alike in it."""
    random = np.random.default_rng([seed, epoch, place])
    if density is not None:
        return dealt_alike(density, blocks, random)
    return np.array_split(random.permutation(num_subjects), blocks)


def prefetch(items: Iterable, load: Callable) -> Iterator:
    """``load(item)`` for each item in order; a thread loads the next while the caller uses the last."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        pending = None
        for item in items:
            following = thread.submit(load, item)
            if pending is not None:
                yield pending.result()
            pending = following
        if pending is not None:
            yield pending.result()
