"""Linear readouts on frozen features, cross-validated by subject (paper, section 4.2.1 and Table 2).

Everything that is fitted (scaling, strength of the penalty, weights) is fitted on the training subjects of a fold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from drasclr_core.evaluate.folds import deal, splits
from drasclr_core.evaluate.linear import chance_model, linear_model, penalty
from drasclr_core.evaluate.scores import score
from drasclr_core.evaluate.tasks import Task, labels_of
from drasclr_core.progress import track

MIN_SUBJECTS = 10

ModelBuilder = Callable[[Task, np.ndarray, np.random.Generator], BaseEstimator]


@dataclass(frozen=True)
class Readout:
    """What cross-validation leaves behind.

    Attributes
    ----------
    scores : DataFrame
        One row per method, task, metric, repeat and fold: ``method, task, metric, repeat, fold, value, n_train,
        n_test, n_unlabelled, alpha``. R2 as such, accuracies in per cent. `alpha` is the L2 penalty that the training
        subjects chose (of logistic regression: 1/C), NaN where there is none to choose.
    predictions : DataFrame
        One row per method, task, repeat and subject, predicted when the subject was in the test fold:
        ``method, task, repeat, fold, sid, true, predicted``. Regression: natural logarithms.
    skipped : dict
        Task name -> why it could not be evaluated.
    """

    scores: pd.DataFrame
    predictions: pd.DataFrame
    skipped: dict[str, str] = field(default_factory=dict)


def obstacle(labels: pd.Series, folds: int) -> str | None:
    """Why these labels cannot be cross-validated, or None if they can."""
    needed = max(MIN_SUBJECTS, 2 * folds)
    if len(labels) < needed:
        return f"only {len(labels)} subjects have features and a label, {needed} are needed for {folds} folds"
    if labels.nunique() == 1:
        return f"all {len(labels)} subjects have the same label"
    return None


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
    """Cross-validate one readout of one task.

    Parameters
    ----------
    features : DataFrame
        ``sid`` and one numeric column per feature.
    subjects : DataFrame
        ``sid`` and the label columns. Subjects without features are left out.
    task : Task
    method : str
        What to call these features in the results.
    folds, repeats : int
        Number of folds, and how often to draw new ones.
    seed : int
        The same seed and the same subjects give the same folds, whatever the features.
    model : callable
        `linear_model` or `chance_model`.

    Raises
    ------
    ValueError
        Features are missing or listed twice for a subject, or `obstacle` finds the labels unusable.
    """
    labels, matrix = aligned(features, subjects, task, method)
    reason = obstacle(labels, folds)
    if reason:
        raise ValueError(f"task {task.name!r} cannot be evaluated: {reason}")
    unlabelled = int(subjects["sid"].isin(features["sid"]).sum()) - len(labels)
    scores, predictions = cross_validate(matrix, labels.to_numpy(), task, folds, repeats, seed, model)
    predictions["sid"] = labels.index.to_numpy()[predictions["sid"]]
    scores["n_unlabelled"] = unlabelled
    for table in (scores, predictions):
        table.insert(0, "method", method)
        table.insert(1, "task", task.name)
    return Readout(scores, predictions)


def cross_validate(
    matrix: np.ndarray, labels: np.ndarray, task: Task, folds: int, repeats: int, seed: int, model: ModelBuilder
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores per fold and predictions per subject (as in `Readout`; `sid` is the row of `matrix` [N, D])."""
    scores, predictions = [], []
    for repeat in range(repeats):
        rng = np.random.default_rng([seed, repeat])
        fold_of = deal(labels, folds, rng, classes=task.classes is not None)
        for fold, (train, test) in enumerate(splits(fold_of)):
            fitted = model(task, labels[train], rng).fit(matrix[train], labels[train])
            predicted = fitted.predict(matrix[test])
            where = {"repeat": repeat, "fold": fold}
            sizes = {"n_train": len(train), "n_test": len(test), "alpha": penalty(fitted)}
            for metric, value in score(task, labels[test], predicted).items():
                scores.append({"metric": metric, **where, "value": value, **sizes})
            predictions.append(pd.DataFrame({**where, "sid": test, "true": labels[test], "predicted": predicted}))
    return pd.DataFrame(scores), pd.concat(predictions, ignore_index=True)


def compare(
    features: dict[str, pd.DataFrame],
    subjects: pd.DataFrame,
    tasks: Sequence[Task],
    folds: int = 5,
    repeats: int = 1,
    seed: int = 0,
) -> Readout:
    """Every method on every task, over the same folds of the same subjects, and a chance row.

    Only subjects that have the features of *all* methods take part, so that rows of the table can be compared.
    Tasks that cannot be evaluated are left out and named in `Readout.skipped`.

    Parameters
    ----------
    features : dict of str to DataFrame
        Method -> its feature table (see `readout`).
    """
    shared = set.intersection(set(subjects["sid"]), *(set(table["sid"]) for table in features.values()))
    subjects = subjects[subjects["sid"].isin(shared)]
    absent = {
        task.name: f"no column {task.column!r} in the subject table" for task in tasks if task.column not in subjects
    }
    reasons = {task.name: absent.get(task.name) or obstacle(labels_of(subjects, task), folds) for task in tasks}
    skipped = {name: reason for name, reason in reasons.items() if reason}
    tasks = [task for task in tasks if task.name not in skipped]
    if not tasks:
        raise ValueError(f"no task can be evaluated: {skipped}")
    rows = [("chance", next(iter(features.values())), chance_model)]
    rows += [(method, table, linear_model) for method, table in features.items()]
    jobs = [(method, table, model, task) for method, table, model in rows for task in tasks]
    parts = [
        readout(table, subjects, task, method, folds, repeats, seed, model)
        for method, table, model, task in track(jobs, "readouts")
    ]
    scores, predictions = (
        pd.concat([getattr(part, name) for part in parts], ignore_index=True) for name in ("scores", "predictions")
    )
    return Readout(scores, predictions, skipped)


def aligned(features: pd.DataFrame, subjects: pd.DataFrame, task: Task, method: str) -> tuple[pd.Series, np.ndarray]:
    """Labels [N] and features [N, D] of the subjects that have both, in the order of `sid`."""
    twice = features["sid"][features["sid"].duplicated()]
    if len(twice):
        raise ValueError(f"the features of {method!r} list subject {twice.iloc[0]!r} twice: keep one row per subject")
    labels = labels_of(subjects, task)
    labels = labels[labels.index.isin(features["sid"])]
    table = features.set_index("sid").loc[labels.index]
    matrix = table.to_numpy(dtype=float)
    broken = table.index[~np.isfinite(matrix).all(axis=1)]
    if len(broken):
        raise ValueError(
            f"the features of {method!r} have missing values for {len(broken)} subjects, first {broken[0]!r}"
            ": compute them again, or leave these subjects out of the table"
        )
    return labels, matrix
