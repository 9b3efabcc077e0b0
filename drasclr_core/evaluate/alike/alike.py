"""Disease that the place defines: patches with emphysema told from patches that only look like it.

A phantom's look-alikes are textures that are normal where they lie: lucent lobules at the base, isolated cysts, scars
at the apex. The same texture elsewhere is disease. Who knows the place has an advantage here, and here only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

from drasclr_core.evaluate.folds import splits, stratified_folds
from drasclr_core.evaluate.local.scores import with_intervals
from drasclr_core.evaluate.readout.linear import logistic_model
from drasclr_core.evaluate.statistics.ranking import weighted_auc
from drasclr_core.evaluate.statistics.resampling import SAMPLE, resample_counts
from drasclr_core.represent.local.location import location_basis
from drasclr_core.represent.local.measures import LocalMeasures

LEAST_PER_CENT = 1.0
"""Of a patch's lung that must be emphysema, or look like it, with less than a quarter as much of the other."""
INNER_FOLDS = 3


class AlikePatches(NamedTuple):
    """Patches with one of the two: subjects and landmarks int [N], and whether it is emphysema, bool [N]."""

    subjects: np.ndarray
    landmarks: np.ndarray
    ill: np.ndarray


def alike_patches(measures: LocalMeasures) -> AlikePatches:
    """Returns the patches in `measures` of a simulated cohort that hold emphysema or its look-alikes, and not both."""
    emphysema, alike = (np.nan_to_num(measures.truth[name]) for name in ("emphysema", "lookalike"))
    ill = (emphysema >= LEAST_PER_CENT) & (alike < LEAST_PER_CENT / 4)
    sound = (alike >= LEAST_PER_CENT) & (emphysema < LEAST_PER_CENT / 4)
    subjects, landmarks = np.nonzero((ill | sound) & measures.known)
    return AlikePatches(subjects, landmarks, ill[subjects, landmarks])


def told_apart(features: np.ndarray, patches: AlikePatches, folds: int = 5, seed: int = 0) -> np.ndarray:
    """Returns the log odds of emphysema of every patch, float [N], by a model that saw none of its subject's patches.

    A logistic regression with both kinds weighed alike; its penalty is chosen within the training subjects.

    Parameters
    ----------
    features : float [S, L, C]
    patches : AlikePatches
    folds, seed : int
        Subjects are dealt so that each fold has the same mix of shares of emphysema among their patches.

    Raises
    ------
    ValueError
        There are fewer than two subjects for each fold, or one of the two kinds is missing: from all subjects, or from
        the training subjects of a fold.
    """
    people, who = np.unique(patches.subjects, return_inverse=True)
    kinds = [len(set(who[patches.ill == kind])) for kind in (True, False)]
    if len(people) < 2 * folds or not all(kinds):
        raise ValueError(f"{patches.ill.sum()} patches with emphysema and {(~patches.ill).sum()} that look like it, of "
                         f"{len(people)} subjects, are too few for {folds} folds: give more subjects.")  # fmt: skip
    share = np.bincount(who, patches.ill) / np.bincount(who)
    fold = stratified_folds(share, folds, np.random.default_rng(seed), classes=False)[who]
    if any(len(set(patches.ill[train])) == 1 for train, _ in splits(fold)):
        raise ValueError(
            f"{kinds[0]} subjects have patches with emphysema and {kinds[1]} have patches that look like it, too few "
            f"for {folds} folds: the training of a fold has one of the two alone. Give more subjects."
        )
    told, rows = np.full(len(who), np.nan), features[patches.subjects, patches.landmarks]
    for train, test in splits(fold):
        inner = GroupKFold(INNER_FOLDS).split(rows[train], groups=who[train])
        # Without the one subject that has a kind, a fold's training has the other alone: it says nothing of a penalty.
        inner = [(fit, judge) for fit, judge in inner if len(set(patches.ill[train][fit])) == 2]
        model = logistic_model(inner, class_weight="balanced", max_iter=300).fit(rows[train], patches.ill[train])
        told[test] = model.decision_function(rows[test])
    return told


def alike_table(told: dict[str, np.ndarray], patches: AlikePatches, closely: str, draws: int = 1000,
                seed: int = 0) -> pd.DataFrame:  # fmt: skip
    """Returns how often a patch with emphysema gets higher odds than one that looks like it, by what it is told by.

    Parameters
    ----------
    told : dict of str to float [N]
        From `told_apart`, over the same folds.
    patches : AlikePatches
    closely : str
        The one that the others are compared with.
    draws, seed : int
        Of the bootstrap over subjects, with all their patches.

    Returns
    -------
    DataFrame
        ``method, auc, low, high, ahead, ahead_low, ahead_high, patches, subjects``; 0.5 is guessing. ``ahead`` is by
        how much `closely` is better than the method, with a paired 95 % interval.
    """
    people, who = np.unique(patches.subjects, return_inverse=True)
    weight = resample_counts(len(people), draws, seed)[:, who]
    numbers = np.arange(len(weight)) + SAMPLE
    found = {name: pd.Series(weighted_auc(patches.ill, odds, weight), numbers) for name, odds in told.items()}
    return with_intervals(found, "AUC", "auc", closely).assign(patches=len(who), subjects=len(people))


def with_place(features: np.ndarray, locations: np.ndarray) -> np.ndarray:
    """Returns features [S, L, C + K], with a smooth function of the place beside those of each patch.

    Parameters
    ----------
    features : float [S, L, C]
        C may be 0: then the place is all there is.
    locations : float [L, 3]
        Of the landmarks, in [-1, 1] (see `location_basis`).
    """
    basis = location_basis(locations)
    return np.concatenate([features, np.broadcast_to(basis, (len(features), *basis.shape))], axis=2)
