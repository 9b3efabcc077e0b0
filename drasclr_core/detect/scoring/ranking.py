"""How well boxes are ordered, whatever the threshold: average precision and area under the ROC curve, by bootstrap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from drasclr_core.evaluate.statistics.resampling import draw_table, resample_counts

AVERAGE_PRECISION, DISCRIMINATION = "average precision", "AUC"


def average_precision_draws(predictions: pd.DataFrame, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Draws a bootstrap over subjects of the average precision of all boxes together, all methods on the same draws.

    What guessing gives is the share of annotated boxes, which is the average precision of calling everything positive.

    Parameters
    ----------
    predictions : DataFrame
        ``method, task, sid, true, probability`` of annotated and healthy boxes (`against_healthy`).

    Returns
    -------
    DataFrame
        ``method, task, metric, draw, value``; draw -1 is the sample itself. NaN where a draw has nothing to find.
    """
    return _draws(predictions, AVERAGE_PRECISION, weighted_average_precision, draws, seed)


def discrimination_draws(predictions: pd.DataFrame, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Draws a bootstrap over subjects of how often a box of the subtype gets a higher probability than one of another.

    It is the area under the ROC curve (ties count half), 0.5 for who cannot tell them apart.

    Parameters
    ----------
    predictions : DataFrame
        As in `average_precision_draws`, but of annotated boxes of both subtypes (`against_other`).

    Returns
    -------
    DataFrame
        As from `average_precision_draws`. NaN where a draw has boxes of one kind only.
    """
    return _draws(predictions, DISCRIMINATION, weighted_auc, draws, seed)


def weighted_average_precision(true: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns the average precision [K] of boxes for K sets of weights.

    Parameters
    ----------
    true, score : bool [N], float [N]
    weight : float [K, N]
        How often each box counts.
    """
    order, last = _by_score(score)
    hit = np.cumsum(weight[:, order] * true[order], axis=1)[:, last]
    called = np.cumsum(weight[:, order], axis=1)[:, last]
    gained = np.diff(hit, axis=1, prepend=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (gained * np.where(called > 0, hit / called, 0)).sum(axis=1) / hit[:, -1]


def weighted_auc(true: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns the area under the ROC curve [K], with arguments as in `weighted_average_precision`."""
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


def _draws(predictions: pd.DataFrame, metric: str, of: Callable[..., np.ndarray], draws: int, seed: int
           ) -> pd.DataFrame:  # fmt: skip
    parts = []
    for task, here in predictions.groupby("task", sort=False):
        subjects = np.unique(here["sid"])
        times = resample_counts(len(subjects), draws, seed)
        for method, own in here.groupby("method", sort=False):
            weight = times[:, np.searchsorted(subjects, own["sid"])]
            values = of(own["true"].to_numpy(bool), own["probability"].to_numpy(float), weight)
            parts.append(draw_table(method, task, metric, values))
    return pd.concat(parts, ignore_index=True)
