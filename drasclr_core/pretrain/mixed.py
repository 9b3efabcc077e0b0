"""Batches of patches from many landmarks, for methods that treat every patch alike, wherever it lies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from drasclr_core.pretrain.sampling import dealt_subjects, subject_blocks


class MixedBatch(NamedTuple):
    """One training step's patches: int [B] landmarks, and int [B] subjects (positions in the patch store)."""

    landmarks: np.ndarray
    subjects: np.ndarray


class MixedSampler:
    """Batches of some subjects at each of several landmarks; an epoch shows every subject once at every landmark.

    At each landmark the subjects are shuffled and dealt into parts; the parts of all landmarks are shuffled, and so
    many in a row make a batch. All of it follows from (seed, epoch), so a resumed training finds its place again.

    Parameters
    ----------
    num_landmarks, num_subjects : int
    batch_size : int
        Patches in a step, nearly.
    landmarks : int
        In a step, as far as there are so many: as many as a batch may have for the statistics of batch norm to be those
        of the whole lung; fewer are read faster.
    seed : int
    processes : int
        That share every batch.
    """

    def __init__(self, num_landmarks: int, num_subjects: int, batch_size: int, landmarks: int = 16, seed: int = 0,
                 processes: int = 1):  # fmt: skip
        self.num_landmarks, self.num_subjects, self.seed = num_landmarks, num_subjects, seed
        landmarks = min(landmarks, num_landmarks, max(1, batch_size // 2))
        subject_blocks(num_subjects, batch_size, processes)  # refuses too few subjects
        least = -(-2 * processes // landmarks)  # subjects of a part, so that each process gets two patches of a batch
        self.blocks = min(num_subjects // least, -(-num_subjects * landmarks // batch_size))
        self.parts = landmarks
        self.each = max(1, num_landmarks * self.blocks // landmarks)

    def steps(self, epoch: int) -> int:
        """Steps of an epoch, the same for all."""
        return self.each

    def epoch(self, epoch: int, start: int = 0) -> Iterator[MixedBatch]:
        """The batches of an epoch, from step `start` on."""
        places = [(landmark, block) for landmark in range(self.num_landmarks) for block in range(self.blocks)]
        order = np.random.default_rng([self.seed, epoch]).permutation(places)
        dealt: dict[int, list[np.ndarray]] = {}
        for parts in np.array_split(order, self.each)[start:]:
            landmarks, subjects = [], []
            for landmark, block in parts.tolist():
                if landmark not in dealt:
                    dealt[landmark] = dealt_subjects(self.num_subjects, self.blocks, self.seed, epoch, landmark)
                subjects.append(dealt[landmark][block])
                landmarks.append(np.full(len(subjects[-1]), landmark))
            yield MixedBatch(np.concatenate(landmarks), np.concatenate(subjects))


def read_mixed(store, batch: MixedBatch, rows: np.ndarray) -> np.ndarray:
    """Reads the patches of some `rows` of a batch, int16 [b, n, n, n], with one reading for each of its landmarks."""
    landmarks, subjects = batch.landmarks[rows], batch.subjects[rows]
    patches = np.empty((len(rows), *(store.size,) * 3), dtype=np.int16)
    for landmark in np.unique(landmarks):
        here = landmarks == landmark
        patches[here] = store.read(int(landmark), subjects[here])
    return patches
