"""Scores of folds, put together."""

from __future__ import annotations

import pandas as pd

_KEYS = ["method", "task", "metric"]


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation (N - 1) over folds: ``method, task, metric, mean, sd, folds, subjects``.

    `subjects` is the number of subjects that were tested once in each repeat. Rows keep the order of `scores`.

    Parameters
    ----------
    scores : DataFrame
        ``method, task, metric, repeat, fold, value, n_test``, as `readout.Readout.scores`.
    """
    per_repeat = scores.groupby([*_KEYS, "repeat"], sort=False)["n_test"].sum()
    groups = scores.groupby(_KEYS, sort=False)
    summary = groups["value"].agg(mean="mean", sd="std", folds="size")
    summary["subjects"] = per_repeat.groupby(level=[0, 1, 2], sort=False).first()
    return summary.reset_index()


def advantage(scores: pd.DataFrame, over: str = "chance") -> pd.DataFrame:
    """How much higher than another method's each score is, fold by fold: ``method, task, metric, mean, sd, folds``.

    Only means something where both were tested on the same folds, as by `readout.compare_readouts`.

    Parameters
    ----------
    scores : DataFrame
        `readout.Readout.scores`.
    over : str
        The method to subtract.

    Returns
    -------
    DataFrame
        Without rows of `over`.
    """
    where = ["task", "metric", "repeat", "fold"]
    reference = scores.loc[scores["method"] == over, [*where, "value"]].rename(columns={"value": "reference"})
    paired = scores[scores["method"] != over].merge(reference, on=where, validate="many_to_one")
    difference = paired.assign(value=paired["value"] - paired["reference"]).groupby(_KEYS, sort=False)["value"]
    return difference.agg(mean="mean", sd="std", folds="size").reset_index()
