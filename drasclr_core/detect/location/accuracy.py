"""How many boxes are called right, the measure of the paper's Table 7."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.detect.scoring.scores import decide
from drasclr_core.evaluate.statistics.resampling import draw_table, resample_counts

ACCURACY = "accuracy"


def accuracy_scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Returns the per cent of annotated and healthy boxes that are called right, fold by fold.

    Parameters
    ----------
    predictions : DataFrame
        As `fold_scores` takes them; a box is called ill where the probability of its own patch is above one half.

    Returns
    -------
    DataFrame
        ``method, task, metric, repeat, fold, value, n_train, n_test``; n are subjects.
    """
    rows = []
    for (method, task), own in predictions.groupby(["method", "task"], sort=False):
        right, everybody = _right(own), own["sid"].nunique()
        for fold, part in right.groupby(own["fold"]):
            tested = own.loc[part.index, "sid"].nunique()
            rows.append({"method": method, "task": task, "metric": ACCURACY, "repeat": 0, "fold": fold,
                         "value": 100 * float(part.mean()), "n_train": everybody - tested,
                         "n_test": tested})  # fmt: skip
    return pd.DataFrame(rows)


def accuracy_draws(predictions: pd.DataFrame, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Draws a bootstrap over subjects of the accuracy of all boxes together, all methods on the same draws.

    Returns ``method, task, metric, draw, value``; draw -1 is the sample itself. A draw without any box is NaN.
    """
    parts = []
    for task, here in predictions.groupby("task", sort=False):
        subjects = np.unique(here["sid"])
        times = resample_counts(len(subjects), draws, seed)
        for method, own in here.groupby("method", sort=False):
            by_subject = _right(own).groupby(own["sid"]).agg(["sum", "size"]).reindex(subjects, fill_value=0)
            hits, boxes = (times @ by_subject[name].to_numpy(float) for name in ("sum", "size"))
            with np.errstate(invalid="ignore"):
                parts.append(draw_table(method, task, ACCURACY, 100 * hits / boxes))
    return pd.concat(parts, ignore_index=True)


def _right(predictions: pd.DataFrame) -> pd.Series:
    return pd.Series(decide(predictions, "direct") == predictions["true"].to_numpy(bool), predictions.index)
