"""How well predictions match: R2, accuracies in per cent (paper, section 4.2), quadratic weighted kappa; over folds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score, r2_score

from drasclr_core.evaluate.tasks import Task

PERCENT = ("accuracy", "1-off")
"""Metrics in per cent of subjects; the others are fractions, at most 1."""
METRICS = {
    "R2": lambda true, predicted, task: float(r2_score(true, predicted)),
    "accuracy": lambda true, predicted, task: accuracy(true, predicted),
    "1-off": lambda true, predicted, task: accuracy(true, predicted, off=1),
    "kappa": lambda true, predicted, task: kappa(true, predicted, task.classes),
}
"""Name of a metric -> its value from true and predicted labels [N] and the task."""
KEYS = ["method", "task", "metric"]


def accuracy(true: np.ndarray, predicted: np.ndarray, off: int = 0) -> float:
    """Returns the per cent of subjects whose `predicted` grade [N] is at most `off` grades from the `true` one [N]."""
    return 100.0 * float(np.mean(np.abs(np.asarray(true) - np.asarray(predicted)) <= off))


def kappa(true: np.ndarray, predicted: np.ndarray, classes: Sequence[int]) -> float:
    """Returns Cohen's kappa with quadratic weights (Cohen 1968): 1 is agreement, 0 that of two independent readers.

    A miss by two grades costs four times a miss by one. Always predicting the same grade gives 0, however frequent that
    grade is. `classes` are all grades in their order, because a grade that nobody has still lies between its
    neighbours. NaN where all `true` and `predicted` grades [N] are one and the same: chance agrees too, and there is
    nothing to tell.
    """
    if len(set(true) | set(predicted)) == 1:
        return float("nan")
    return float(cohen_kappa_score(true, predicted, labels=classes, weights="quadratic"))


def score(task: Task, true: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Returns the value of every metric of the `task`, by name, in the order of ``task.metrics``.

    `true` and `predicted` [N] are grades, or values on the log scale. R2 compares with the mean of the *tested* labels,
    so a readout that has learned nothing scores slightly below 0, and a wrong one far below. At least two tested
    subjects are needed.

    Raises
    ------
    ValueError
        The task names a metric that is not one of `METRICS`.
    """
    unknown = sorted(set(task.metrics) - set(METRICS))
    if unknown:
        raise ValueError(f"task {task.name!r} is scored by {unknown[0]!r}; metrics are {', '.join(METRICS)}")
    return {metric: METRICS[metric](true, predicted, task) for metric in task.metrics}


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """Returns mean and standard deviation (N - 1) over folds: ``method, task, metric, mean, sd, folds, subjects``.

    `subjects` is the number of subjects that were tested once in each repeat. Rows keep the order of `scores`.

    Parameters
    ----------
    scores : DataFrame
        ``method, task, metric, repeat, fold, value, n_test``, as `Readout.scores`.
    """
    per_repeat = scores.groupby([*KEYS, "repeat"], sort=False)["n_test"].sum()
    groups = scores.groupby(KEYS, sort=False)
    summary = groups["value"].agg(mean="mean", sd="std", folds="size")
    summary["subjects"] = per_repeat.groupby(level=[0, 1, 2], sort=False).first()
    return summary.reset_index()
