"""Whether probabilities mean what they say: reliability curves and the expected calibration error, with its floor."""

from __future__ import annotations

import numpy as np
import pandas as pd

BINS = 10
"""Bins of equal width on [0, 1] (Guo et al. 2017)."""
COLUMNS = ["method", "task", "bin", "predicted", "observed", "weight", "boxes"]


def reliability_curve(predictions: pd.DataFrame) -> pd.DataFrame:
    """Returns what was observed where a detector said so: one row for every bin of probabilities that holds boxes.

    Both labels have the same weight, as a probability of one half means that both are equally likely where they are
    equally frequent (`calibration_of`).

    Parameters
    ----------
    predictions : DataFrame
        ``method, task, true, probability`` of held-out boxes (`against_healthy`).

    Returns
    -------
    DataFrame
        ``method, task, bin``; ``predicted`` (mean probability), ``observed`` (share annotated), both weighted;
        ``weight``, the bin's share of all weight; ``boxes``.
    """
    rows = []
    for (method, task), own in predictions.groupby(["method", "task"], sort=False):
        true, probability = own["true"].to_numpy(bool), own["probability"].to_numpy(float)
        weight, bins = _equal_weight(true), _bins(probability)
        for number in np.unique(bins):
            here = bins == number
            mean = [np.average(values[here], weights=weight[here]) for values in (probability, true)]
            rows.append((method, task, number, *mean, weight[here].sum(), int(here.sum())))
    return pd.DataFrame(rows, columns=COLUMNS)


def calibration_errors(predictions: pd.DataFrame, draws: int = 200, seed: int = 0) -> pd.DataFrame:
    """Returns the expected calibration error (Naeini et al. 2015) of each method and task, and its floor.

    Few boxes miss their probabilities by luck. The floor is the mean error of labels that are drawn from the calibrated
    odds themselves, so of a perfectly calibrated detector that says what this one says of as many boxes.

    Parameters
    ----------
    predictions : DataFrame
        As in `reliability_curve`.
    draws, seed : int
        Of the floor.

    Returns
    -------
    DataFrame
        ``method, task, error, floor``; mean distance of what was observed from what was predicted.
    """
    rows, rng = [], np.random.default_rng([seed, 25])
    for (method, task), own in predictions.groupby(["method", "task"], sort=False):
        true, probability = own["true"].to_numpy(bool), own["probability"].to_numpy(float)
        # At the boxes' own share of annotated ones the odds are those of equal labels times that of the labels.
        prior = true.mean()
        chance = prior * probability / (prior * probability + (1 - prior) * (1 - probability))
        made_up = [_error(labels, probability) for labels in rng.random((draws, len(true))) < chance]
        rows.append((method, task, _error(true, probability), float(np.nanmean(made_up))))
    return pd.DataFrame(rows, columns=["method", "task", "error", "floor"])


def _error(true: np.ndarray, probability: np.ndarray) -> float:
    if true.all() or not true.any():
        return float("nan")
    return float(np.abs(np.bincount(_bins(probability), _equal_weight(true) * (probability - true))).sum())


def _bins(probability: np.ndarray) -> np.ndarray:
    return np.minimum((probability * BINS).astype(int), BINS - 1)


def _equal_weight(true: np.ndarray) -> np.ndarray:
    """Weights that sum to 1, half of it on each label."""
    return np.where(true, 0.5 / max(true.sum(), 1), 0.5 / max((~true).sum(), 1))
