"""Who trains, who stops the training, and who tests: always whole subjects."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.evaluate.folds import grouped_folds, stratified_folds

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


def validation_split(sids: np.ndarray, kinds: np.ndarray, seed: int = 0) -> np.ndarray:
    """Draws the training boxes that stop the training and calibrate it: those of a fifth of the subjects of each kind.

    A subject with boxes of the subtype counts as `POSITIVE`, whatever else it has; one of another kind is drawn as far
    as there are two of it.

    Parameters
    ----------
    sids : str [N]
        Subjects of the boxes.
    kinds : int [N]
        As from `Boxes.kinds`.

    Returns
    -------
    bool [N]
        True for validation; all False where there is a single positive or healthy subject, which must train.
    """
    subjects, subject = np.unique(sids, return_inverse=True)
    of_subject = np.array([_kind_of(kinds[subject == number]) for number in range(len(subjects))])
    rng, chosen = np.random.default_rng([seed, 21]), []
    for kind in (0, 1, 2):
        own = subjects[of_subject == kind]
        if len(own) > 1:
            chosen += rng.choice(own, max(1, round(len(own) / VALIDATION)), replace=False).tolist()
        elif kind < 2:
            return np.zeros(len(sids), dtype=bool)
    return np.isin(sids, chosen)


def fold_of_groups(sids: np.ndarray, labels: np.ndarray, folds: int, seed: int = 0) -> np.ndarray:
    """Draws the fold int [N] of boxes: subjects `sids` [N] stay whole, those of each label are shared out evenly."""
    return grouped_folds(labels, sids, folds, np.random.default_rng([seed, 23]))


def _kind_of(kinds: np.ndarray) -> int:
    """The kind of a subject with boxes of these kinds: positive if any is."""
    return 1 if (kinds == 1).any() else int(kinds.max())
