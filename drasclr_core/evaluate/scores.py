"""How well predictions match: R2, accuracies in per cent (paper, section 4.2), and quadratic weighted kappa."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
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


def accuracy(true: np.ndarray, predicted: np.ndarray, off: int = 0) -> float:
    """Per cent of subjects whose predicted grade is at most `off` grades from the true one.

    Parameters
    ----------
    true, predicted : int array [N]
    off : int
    """
    return 100.0 * float(np.mean(np.abs(np.asarray(true) - np.asarray(predicted)) <= off))


def kappa(true: np.ndarray, predicted: np.ndarray, classes: Sequence[int]) -> float:
    """Cohen's kappa with quadratic weights (Cohen 1968): 1 is agreement, 0 what two independent readers would reach.

    A miss by two grades costs four times a miss by one. Always predicting the same grade gives 0, however frequent
    that grade is.

    Parameters
    ----------
    true, predicted : int array [N]
    classes : sequence of int
        All grades in their order, because a grade that nobody has still lies between its neighbours.

    Returns
    -------
    float
        NaN where all true and predicted grades are one and the same: chance agrees too, and there is nothing to tell.
    """
    if len(set(true) | set(predicted)) == 1:
        return float("nan")
    return float(cohen_kappa_score(true, predicted, labels=classes, weights="quadratic"))


def score(task: Task, true: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Every metric of the task, by name.

    R2 compares with the mean of the *tested* labels, so a readout that has learned nothing scores slightly below 0,
    and a wrong one far below. At least two tested subjects are needed.

    Parameters
    ----------
    task : Task
    true, predicted : array [N]
        Grades, or values on the log scale.

    Returns
    -------
    dict of str to float
        By metric, in the order of ``task.metrics``.

    Raises
    ------
    ValueError
        The task names a metric that is not one of `METRICS`.
    """
    unknown = sorted(set(task.metrics) - set(METRICS))
    if unknown:
        raise ValueError(f"task {task.name!r} is scored by {unknown[0]!r}; metrics are {', '.join(METRICS)}")
    return {metric: METRICS[metric](true, predicted, task) for metric in task.metrics}
