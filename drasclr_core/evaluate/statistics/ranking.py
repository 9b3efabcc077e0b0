"""How well a score orders what is and what is not, for many sets of weights at once: what a bootstrap needs."""

from __future__ import annotations

import numpy as np


def weighted_average_precision(true: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns the average precision [K] of samples for K sets of weights.

    Parameters
    ----------
    true, score : bool [N], float [N]
    weight : float [K, N]
        How often each sample counts.
    """
    order, last = _by_score(score)
    hit = np.cumsum(weight[:, order] * true[order], axis=1)[:, last]
    called = np.cumsum(weight[:, order], axis=1)[:, last]
    gained = np.diff(hit, axis=1, prepend=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (gained * np.where(called > 0, hit / called, 0)).sum(axis=1) / hit[:, -1]


def weighted_auc(true: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns the area under the ROC curve [K]; `true`, `score`, `weight` are as in `weighted_average_precision`."""
    order, last = _by_score(score)
    hit = np.cumsum(weight[:, order] * true[order], axis=1)[:, last]
    false = np.cumsum(weight[:, order] * ~true[order], axis=1)[:, last]
    middle = hit - np.diff(hit, axis=1, prepend=0) / 2  # of those with equal scores half count as higher
    with np.errstate(invalid="ignore", divide="ignore"):
        return (np.diff(false, axis=1, prepend=0) * middle).sum(axis=1) / (hit[:, -1] * false[:, -1])


def _by_score(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order of falling scores, and where in it each different score ends."""
    order = np.argsort(-score, kind="stable")
    return order, np.flatnonzero(np.diff(score[order], append=-np.inf) != 0)
