"""How well predictions match: R2, accuracy and 1-off accuracy (paper, section 4.2.1), in the units of its Table 2."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import r2_score

from drasclr_core.evaluate.tasks import Task


def accuracy(true: np.ndarray, predicted: np.ndarray, off: int = 0) -> float:
    """Per cent of subjects whose predicted grade is at most `off` grades from the true one (integer arrays [N])."""
    return 100.0 * float(np.mean(np.abs(np.asarray(true) - np.asarray(predicted)) <= off))


def score(task: Task, true: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Every metric of the task, by name.

    R2 compares with the mean of the *tested* labels, so a readout that has learned nothing scores slightly below 0,
    and a wrong one far below. At least two tested subjects are needed.
    """
    if task.classes is None:
        return {"R2": float(r2_score(true, predicted))}
    return {metric: accuracy(true, predicted, off=metric == "1-off") for metric in task.metrics}
