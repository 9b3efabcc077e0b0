"""Who trains, who stops the training, and who tests: always whole subjects."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.evaluate.folds import stratified_folds

VALIDATION = 5
"""One in so many training subjects of each kind is kept for early stopping."""


def fold_of_subjects(table: pd.DataFrame, folds: int = 5, seed: int = 0) -> pd.Series:
    """Draws the fold of every subject, the same for both subtypes, with the kinds of subjects shared out evenly.

    A subject's kind is the set of subtypes of its boxes (`table`: ``sid, subtype``). Returns fold 0 to `folds` - 1,
    indexed by sid.
    """
    kind = table.sort_values("subtype").groupby("sid")["subtype"].agg(lambda own: "+".join(dict.fromkeys(own)))
    codes = np.unique(kind, return_inverse=True)[1]
    fold = stratified_folds(codes, folds, np.random.default_rng([seed, 20]), classes=True)
    return pd.Series(fold, index=kind.index, name="fold")


def validation_split(sids: np.ndarray, labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Draws the training boxes that stop the training: those of a fifth of the subjects of each label, at least of one.

    Of boxes with subjects `sids` [N] and labels [N], which are equal within a subject, returns bool [N], True for
    validation; all False where a label has a single subject, which must train.
    """
    chosen: list[str] = []
    rng = np.random.default_rng([seed, 21])
    for label in (False, True):
        subjects = np.unique(sids[labels == label])
        if len(subjects) < 2:
            return np.zeros(len(sids), dtype=bool)
        count = max(1, round(len(subjects) / VALIDATION))
        chosen += rng.choice(subjects, count, replace=False).tolist()
    return np.isin(sids, chosen)


def fold_of_groups(sids: np.ndarray, labels: np.ndarray, folds: int, seed: int = 0) -> np.ndarray:
    """Draws the fold int [N] of boxes: subjects `sids` [N] stay whole, those of each label are shared out evenly."""
    _, first, subject = np.unique(sids, return_index=True, return_inverse=True)
    return stratified_folds(labels[first], folds, np.random.default_rng([seed, 23]), classes=True)[subject]
