"""A readout of the true disease in each patch: one ridge for all landmarks, each with an intercept of its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from drasclr_core.evaluate.folds import splits, stratified_folds
from drasclr_core.represent.local.neighbours import place_means

PENALTIES = np.logspace(-2, 6, 9)
INNER_FOLDS = 3


class LocalReadout(NamedTuple):
    """Held-out predictions of a share at every patch; NaN where the patch is not known.

    Attributes
    ----------
    predicted : float [S, L]
    floor : float [S, L]
        The landmark's mean over the training subjects: what the place alone tells.
    """

    predicted: np.ndarray
    floor: np.ndarray


def local_readout(
    features: np.ndarray, shares: np.ndarray, known: np.ndarray, folds: int = 5, seed: int = 0
) -> LocalReadout:
    """Cross-validates a readout over subjects: every patch of a subject is predicted by a model that saw none of them.

    At each landmark, the training subjects' means are taken off the features and the share; the ridge tells the rest
    by weights that all landmarks have in common, since few subjects at one landmark cannot train 128 weights. Its
    penalty is chosen within the training subjects, whole subjects left out.

    Parameters
    ----------
    features : float [S, L, C]
    shares : float [S, L]
        Per cent.
    known : bool [S, L]
        The patches that count.
    folds, seed : int
        Folds have the same mix of mean shares; the same shares and seed give the same folds, whatever the features.

    Raises
    ------
    ValueError
        Fewer than two subjects in a fold, or than `INNER_FOLDS` to train on.
    """
    if len(shares) < 2 * folds or len(shares) * (folds - 1) // folds < INNER_FOLDS:
        raise ValueError(f"{len(shares)} subjects are too few for {folds} folds: give fewer folds or more subjects")
    extent = np.nan_to_num(np.where(known, shares, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))
    fold = stratified_folds(extent, folds, np.random.default_rng(seed), classes=False)
    predicted, floor = np.full((2, *shares.shape), np.nan)
    for train, test in splits(fold):
        means, level = (place_means(values[train], known[train]) for values in (features, shares[..., None]))
        rows, asked = known[train], known[test]
        model = GridSearchCV(
            make_pipeline(StandardScaler(), Ridge()),
            {"ridge__alpha": PENALTIES},
            cv=GroupKFold(INNER_FOLDS),
            scoring="neg_mean_squared_error",
        )
        whose = np.nonzero(rows)[0]
        model.fit((features[train] - means)[rows], (shares[train] - level[..., 0])[rows], groups=whose)
        base = np.broadcast_to(level[..., 0], asked.shape)
        floor[test] = np.where(asked, base, np.nan)
        told = np.full(asked.shape, np.nan)
        told[asked] = base[asked] + model.predict((features[test] - means)[asked])
        predicted[test] = told
    return LocalReadout(predicted, floor)
