"""Folds by subject: who trains a readout and who tests it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def stratified_folds(labels: np.ndarray, folds: int, rng: np.random.Generator, classes: bool) -> np.ndarray:
    """Deal subjects out to folds like cards, so that every fold gets the same mix of labels.

    Subjects are sorted by grade (by neighbouring values where labels are continuous: `folds` subjects next to each
    other form one stratum), shuffled within each stratum, and dealt round-robin. Unlike scikit-learn's
    `StratifiedKFold` it accepts any grade sizes: a grade with fewer members than folds is absent from some folds.

    Parameters
    ----------
    labels : array [N]
    folds : int
    rng : numpy.random.Generator
    classes : bool
        Whether labels are grades (True) or continuous.

    Returns
    -------
    int array [N]
        The fold, 0 to `folds` - 1, of every subject. Fold sizes differ by at most one, and so do the numbers of
        members of one grade in two folds.
    """
    strata = labels if classes else np.argsort(np.argsort(labels, kind="stable")) // folds
    order = np.lexsort((rng.random(len(labels)), strata))
    fold = np.empty(len(labels), dtype=int)
    fold[order] = np.arange(len(labels)) % folds
    return fold


def splits(fold: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Indices (train, test) for each fold in turn, from the fold of every subject [N].

    Parameters
    ----------
    fold : int array [N]

    Returns
    -------
    iterator of (int array, int array)
        Whom to train on and whom to test, together all N.
    """
    for number in np.unique(fold):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)
