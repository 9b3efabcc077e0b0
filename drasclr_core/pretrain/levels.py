"""Batches of two kinds in turn: patches of a few landmarks, then whole subjects (Sun et al. 2021)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from drasclr_core.pretrain.sampling import dealt_subjects, shuffled_runs, subject_blocks


class LevelBatch(NamedTuple):
    """One training step's patches.

    Attributes
    ----------
    landmarks : int [P]
        All of them, in order, for whole subjects.
    subjects : int [B]
        Positions in the patch store.
    whole : bool
        Whether the step is about subjects; otherwise about patches.
    """

    landmarks: np.ndarray
    subjects: np.ndarray
    whole: bool


class LevelSampler:
    """Epochs of patches, each followed by passes over the subjects.

    In an epoch the landmarks are dealt at random into groups, and every subject is shown once at every landmark, a
    block of subjects at the landmarks of a group in each step. Then every pass shows every subject once, with all of
    its landmarks. All of it follows from (seed, epoch), so a resumed training finds its place again.

    Parameters
    ----------
    num_landmarks, num_subjects : int
    batch_size : int
        Subjects in a step of patches.
    landmarks_per_step : int
        Landmarks at which a step of patches shows them.
    landmark_run_length : int
        Steps of one group of landmarks in a row (see `LandmarkSampler`).
    whole_batch_size : int
        Subjects in a step of whole subjects.
    passes : int
        Over the whole subjects, after each epoch of patches.
    seed : int
    """

    def __init__(self, num_landmarks: int, num_subjects: int, batch_size: int, landmarks_per_step: int,
                 landmark_run_length: int, whole_batch_size: int, passes: int, seed: int = 0):  # fmt: skip
        self.num_landmarks, self.num_subjects, self.seed = num_landmarks, num_subjects, seed
        self.groups = -(-num_landmarks // landmarks_per_step)
        self.landmark_run_length, self.passes = landmark_run_length, passes
        self.blocks = subject_blocks(num_subjects, batch_size, 1)
        self.whole_blocks = subject_blocks(num_subjects, whole_batch_size, 1)

    def steps(self, epoch: int) -> int:
        """Steps of an epoch, the same for all."""
        return self.groups * self.blocks + self.passes * self.whole_blocks

    def epoch(self, epoch: int, start: int = 0) -> Iterator[LevelBatch]:
        """The batches of an epoch, from step `start` on."""
        order = np.random.default_rng([self.seed, epoch, 4]).permutation(self.num_landmarks)
        groups = np.array_split(order, self.groups)
        steps = shuffled_runs(self.groups, self.blocks, self.landmark_run_length, self.seed, epoch)
        for group, block in steps[start:]:
            subjects = dealt_subjects(self.num_subjects, self.blocks, self.seed, epoch, group)[block]
            yield LevelBatch(groups[group], subjects, False)
        for step in range(max(0, start - len(steps)), self.passes * self.whole_blocks):
            number, block = divmod(step, self.whole_blocks)
            place = self.groups + number  # another order than that of any group
            subjects = dealt_subjects(self.num_subjects, self.whole_blocks, self.seed, epoch, place)[block]
            yield LevelBatch(np.arange(self.num_landmarks), subjects, True)
