"""Linear readouts on frozen features, cross-validated by subject (paper, section 4.2.1 and Table 2).

Everything that is fitted (scaling, strength of the penalty, weights) is fitted on the training subjects of a fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from drasclr_core.evaluate.features import by_subject
from drasclr_core.evaluate.readout.cross_validation import (
    ModelBuilder,
    Readout,
    concat_readouts,
    cross_validate,
    readout_obstacle,
)
from drasclr_core.evaluate.readout.linear import chance_model, linear_model
from drasclr_core.evaluate.tasks import Task, labels_of
from drasclr_core.progress import track


def readout(
    features: pd.DataFrame,
    subjects: pd.DataFrame,
    task: Task,
    method: str,
    folds: int = 5,
    repeats: int = 1,
    seed: int = 0,
    model: ModelBuilder = linear_model,
) -> Readout:
    """Cross-validates one readout of one `task`.

    Parameters
    ----------
    features : DataFrame
        ``sid`` and one numeric column per feature.
    subjects : DataFrame
        ``sid`` and the label columns. Subjects without features are left out.
    method : str
        What to call these features in the results.
    folds, repeats, seed : int
        Number of folds, and how often to draw new ones. The same seed and subjects give the same folds, whatever the
        features.
    model : callable
        `linear_model` or `chance_model`.

    Raises
    ------
    ValueError
        Features are missing or listed twice for a subject, or `readout_obstacle` finds the labels unusable.
    """
    labels, matrix = aligned(features, subjects, task, method)
    unlabelled = int(subjects["sid"].isin(features["sid"]).sum()) - len(labels)
    return cross_validate(matrix, labels, task, method, folds, repeats, seed, model, unlabelled)


def compare_readouts(
    features: dict[str, pd.DataFrame],
    subjects: pd.DataFrame,
    tasks: Sequence[Task],
    folds: int = 5,
    repeats: int = 1,
    seed: int = 0,
) -> Readout:
    """Cross-validates every method on every task, over the same folds of the same subjects, and a chance row.

    Only subjects that have the features of *all* methods take part, so that rows of the table can be compared. Tasks
    that cannot be evaluated are left out and named in `Readout.skipped`. Rows of ``chance`` come first, then the
    methods in their order. `subjects, folds, repeats, seed` are as in `readout`.

    Parameters
    ----------
    features : dict of str to DataFrame
        Method -> its feature table (see `readout`).
    tasks : sequence of Task

    Raises
    ------
    ValueError
        No task can be evaluated; the message says why.
    """
    shared = set.intersection(set(subjects["sid"]), *(set(table["sid"]) for table in features.values()))
    subjects = subjects[subjects["sid"].isin(shared)]
    tasks, skipped = evaluable(subjects, tasks, folds)
    if not tasks:
        raise ValueError(f"no task can be evaluated: {skipped}")
    rows = [("chance", next(iter(features.values())), chance_model)]
    rows += [(method, table, linear_model) for method, table in features.items()]
    jobs = [
        (table, subjects, task, method, folds, repeats, seed, model) for method, table, model in rows for task in tasks
    ]
    return replace(concat_readouts([readout(*job) for job in track(jobs, "readouts")]), skipped=skipped)


def evaluable(subjects: pd.DataFrame, tasks: Sequence[Task], folds: int) -> tuple[list[Task], dict[str, str]]:
    """Returns the `tasks` for which these `subjects` can be cross-validated in so many `folds`, and why others cannot.

    The reasons are by the name of the task (see `readout_obstacle`).
    """
    reasons = {
        task.name: readout_obstacle(labels_of(subjects, task), folds)
        if task.column in subjects
        else f"no column {task.column!r} in the subject table"
        for task in tasks
    }
    skipped = {name: reason for name, reason in reasons.items() if reason}
    return [task for task in tasks if task.name not in skipped], skipped


def aligned(features: pd.DataFrame, subjects: pd.DataFrame, task: Task, method: str) -> tuple[pd.Series, np.ndarray]:
    """Returns labels (Series [N], indexed by sid and sorted) and features (float [N, D]) of the subjects with both.

    `features, subjects, task, method` are as in `readout`.

    Raises
    ------
    ValueError
        The features of these subjects are not as `by_subject` wants them.
    """
    labels = labels_of(subjects, task)
    labels = labels[labels.index.isin(features["sid"])]
    return labels, by_subject(features[features["sid"].isin(labels.index)], method).to_numpy()
