"""Blocks of neighbouring landmarks: one embedding of a patch serves as anchor and as neighbour of the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from scipy.spatial.distance import cdist
from torch import Tensor

from drasclr_core.pretrain.augment import Augmentation
from drasclr_core.pretrain.sampling import dealt_subjects, shuffled_runs, subject_blocks
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import Patches, Views, to_device

SAME = 1 + 1e-6  # distances that differ by less are the same


class Block(NamedTuple):
    """One training step's patches: some subjects at some neighbouring landmarks.

    Attributes
    ----------
    landmarks : int [P]
    beside : float32 [P, P]
        How much the patch at the second landmark counts among the neighbours of the first; a row sums to R.
    subjects : int [B]
        Positions in the patch store.
    """

    landmarks: np.ndarray
    beside: np.ndarray
    subjects: np.ndarray


class BlockSampler:
    """Steps of one block each; an epoch shows every subject once at every landmark.

    The grid of landmarks is cut into boxes of `landmarks_per_step` places (2 x 2 x 2 for 8), of which those outside the
    lungs are empty. Every epoch begins the boxes at another place of the grid and turns their shape, so that any two
    landmarks one step apart share a block in some epoch. Of a landmark's neighbours only those in its block count: at
    most R, none farther away than its R-th nearest. A landmark that is alone in this sense joins the block of its
    nearest one.

    Parameters
    ----------
    centres : float [L, 3]
        Of a grid, in mm.
    neighbors : int
        R; 0 for none.
    num_subjects, batch_size, landmark_run_length, seed, processes, density
        As in `LandmarkSampler`, with blocks for landmarks.
    landmarks_per_step : int
        A power of two.

    Raises
    ------
    ValueError
        For another number of landmarks, or too few subjects (see `LandmarkSampler`).
    """

    def __init__(self, centres: np.ndarray, neighbors: int, num_subjects: int, batch_size: int,
                 landmarks_per_step: int, landmark_run_length: int = 1, seed: int = 0, processes: int = 1,
                 density: np.ndarray | None = None):  # fmt: skip
        if landmarks_per_step < 2 or landmarks_per_step & (landmarks_per_step - 1):
            raise ValueError(f"landmarks_per_step is {landmarks_per_step}; it must be a power of two.")
        self.neighbors, self.num_subjects, self.density = neighbors, num_subjects, density
        self.doublings = landmarks_per_step.bit_length() - 1
        self.landmark_run_length, self.seed = landmark_run_length, seed
        self.blocks = subject_blocks(num_subjects, batch_size, processes)
        apart = cdist(centres, centres)
        np.fill_diagonal(apart, np.inf)
        self.apart = apart
        self.reach = np.sort(apart, axis=1)[:, neighbors - 1] * SAME if neighbors else np.zeros(len(centres))
        self.grid = np.rint((centres - centres.min(axis=0)) / apart.min()).astype(int)

    def boxes(self, epoch: int) -> list[np.ndarray]:
        """Returns the landmarks of every block of an epoch, int [P] each."""
        random = np.random.default_rng([self.seed, epoch, 3])
        shape, axes = np.ones(3, dtype=int), random.permutation(3)
        for doubling in range(self.doublings):
            shape[axes[doubling % 3]] *= 2
        cells = (self.grid + random.integers(shape)) // shape
        numbers = np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1)
        for landmark, apart in enumerate(self.apart if self.neighbors else ()):
            if not (near := apart <= self.reach[landmark])[numbers == numbers[landmark]].any():
                numbers[landmark] = numbers[np.where(near, apart, np.inf).argmin()]
        return [np.flatnonzero(numbers == number) for number in np.unique(numbers)]

    def beside(self, landmarks: np.ndarray) -> np.ndarray:
        """Returns how much each landmark of a block [P] counts as a neighbour of each, float32 [P, P] (see `Block`)."""
        apart = self.apart[np.ix_(landmarks, landmarks)]
        near = apart <= self.reach[landmarks][:, None]
        order = np.argsort(np.where(near, apart, np.inf), axis=1, kind="stable").argsort(axis=1)
        chosen = (near & (order < self.neighbors)).astype(np.float32)
        return self.neighbors * chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1)

    def steps(self, epoch: int) -> int:
        """Steps of an epoch."""
        return len(self.boxes(epoch)) * self.blocks

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Block]:
        """The blocks of an epoch, from step `start` on."""
        boxes = self.boxes(epoch)
        every = shuffled_runs(len(boxes), self.blocks, self.landmark_run_length, self.seed, epoch)
        for box, block in every[start:]:
            dealt = dealt_subjects(self.num_subjects, self.blocks, self.seed, epoch, box, self.density)
            yield Block(boxes[box], self.beside(boxes[box]), dealt[block])


def read_block(store, block: Block, shard: BatchShard) -> Patches:
    """Reads a process's patches of a block, without neighbours, landmark by landmark: int16 [P b, n, n, n]."""
    if len(shard.rows) == shard.size:  # a process alone reads each patch once
        whole = [store.read(int(landmark), block.subjects) for landmark in block.landmarks]
        return Patches(np.concatenate(whole), np.concatenate([part[shard.key_rows] for part in whole]), None)
    parts = [np.concatenate([store.read(int(landmark), block.subjects[rows]) for landmark in block.landmarks])
             for rows in (shard.rows, shard.key_rows)]  # fmt: skip
    return Patches(*parts, None)


def draw_block_views(augment: Augmentation, patches: Patches, landmarks: int, generator: torch.Generator,
                     shard: BatchShard) -> Views:  # fmt: skip
    """Draws a view of each query and key of a block, each patch for itself: float32 [P b, 1, size, size, size].

    As in `draw_view`, views do not depend on the number of processes.
    """

    def view(stored: np.ndarray, rows: np.ndarray) -> Tensor:
        draws = augment.draw(landmarks * shard.size, 1, generator)
        places = (np.arange(landmarks)[:, None] * shard.size + rows).ravel()
        return augment.apply(to_device(stored, generator.device)[:, None],
                             draws.of(torch.from_numpy(places).to(generator.device)))  # fmt: skip

    return Views(view(patches.query, shard.rows), view(patches.key, shard.key_rows), None)
