"""Folds by subject: who trains a readout and who tests it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def stratified_folds(labels: np.ndarray, folds: int, rng: np.random.Generator, classes: bool) -> np.ndarray:
    """Returns the fold of every subject, int [N] from 0, so that every fold gets the same mix of `labels` [N].

    Subjects are sorted by grade (where labels are not `classes` but continuous, by neighbouring values: `folds`
    subjects next to each other form one stratum), shuffled by `rng` within each stratum, and dealt round-robin. Fold
    sizes differ by at most one, and so do the numbers of members of one grade in two folds. Unlike scikit-learn's
    `StratifiedKFold` it accepts any grade sizes: a grade with fewer members than folds is absent from some folds.
    """
    strata = labels if classes else np.argsort(np.argsort(labels, kind="stable")) // folds
    order = np.lexsort((rng.random(len(labels)), strata))
    fold = np.empty(len(labels), dtype=int)
    fold[order] = np.arange(len(labels)) % folds
    return fold


def grouped_folds(labels: np.ndarray, groups: np.ndarray, folds: int, rng: np.random.Generator) -> np.ndarray:
    """Returns the fold of every sample, int [N]: whole `groups` [N], of which each counts as the highest of its labels.

    `labels` int [N] are classes, the rarest best the highest; `folds` and `rng` as in `stratified_folds`.
    """
    whole, group = np.unique(groups, return_inverse=True)
    highest = np.array([labels[group == number].max() for number in range(len(whole))])
    return stratified_folds(highest, folds, rng, classes=True)[group]


def splits(fold: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields whom to train on and whom to test (int arrays of indices) for each number in `fold`, int [N]."""
    for number in np.unique(fold):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)
