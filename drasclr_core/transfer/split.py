"""Who trains and who tests: always whole subjects, the same for every start."""

from __future__ import annotations

import numpy as np

from drasclr_core.evaluate.folds import stratified_folds

FOLDS = 3
"""Parts of the subjects: two train, one tests. Three seeds test everybody once."""
LEAST = 2 * FOLDS
"""Subjects of a task: with fewer, some part of them could not be divided."""
_STREAM = 7090  # keeps these random numbers apart from those of other things with the same seed


def train_and_test(strata: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns positions of the training and the tested subjects, sorted, for a seed.

    Seeds 0, 1 and 2 test the three parts of one division, 3, 4 and 5 those of the next. Each part has the same mix of
    `strata`.

    Parameters
    ----------
    strata : int [N]
        What a subject is, 0 for all where that does not matter.
    seed : int

    Raises
    ------
    ValueError
        There are fewer subjects than `LEAST`.
    """
    if len(strata) < LEAST:
        raise ValueError(f"{len(strata)} subjects: a task takes {LEAST} or more")
    rng = np.random.default_rng([seed // FOLDS, _STREAM])
    fold = stratified_folds(np.asarray(strata), FOLDS, rng, classes=True)
    return np.flatnonzero(fold != seed % FOLDS), np.flatnonzero(fold == seed % FOLDS)


def labelled(train: np.ndarray, strata: np.ndarray, share: float, seed: int, classes: np.ndarray | None = None
             ) -> np.ndarray:  # fmt: skip
    """Returns those of the training subjects whose labels are used, sorted; a larger share holds every smaller one.

    At least two subjects, and of two classes where there are two: the order in which they are taken goes round the
    strata.

    Parameters
    ----------
    train : int [n]
        Positions of subjects.
    strata : int [N]
    share : float
        Above 0, at most 1.
    seed : int
    classes : int [N], optional
        What a fit tells apart, where that is less than the strata.

    Raises
    ------
    ValueError
        The share is none.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share of the labels lies above 0 and is at most 1; {share} is not")
    order = np.random.default_rng([seed, _STREAM, 1]).permutation(train)
    kinds = np.asarray(strata)[order]
    turn = np.empty(len(order), dtype=int)  # the how manieth of its stratum somebody is
    for kind in np.unique(kinds):
        turn[kinds == kind] = np.arange(np.count_nonzero(kinds == kind))
    order = order[np.argsort(turn / np.bincount(kinds)[kinds], kind="stable")]
    told_apart = np.asarray(strata if classes is None else classes)[order]
    first = np.flatnonzero(told_apart != told_apart[0])
    if len(first):
        order[1 : first[0] + 1] = np.roll(order[1 : first[0] + 1], 1)
    return np.sort(order[: max(2, round(share * len(train)))])
