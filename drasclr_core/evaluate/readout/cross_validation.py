"""Cross-validation by subject: every subject is predicted by a model that has not seen it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from drasclr_core.evaluate.folds import splits, stratified_folds
from drasclr_core.evaluate.readout.linear import penalty
from drasclr_core.evaluate.scores import score
from drasclr_core.evaluate.tasks import Task

MIN_SUBJECTS = 10

ModelBuilder = Callable[[Task, np.ndarray, np.random.Generator], BaseEstimator]


@dataclass(frozen=True)
class Readout:
    """What cross-validation leaves behind.

    Attributes
    ----------
    scores : DataFrame
        One row per method, task, metric, repeat and fold: ``method, task, metric, repeat, fold, value, n_train,
        n_test, n_unlabelled, alpha``. R2 and kappa as such, accuracies in per cent. `alpha` is the L2 penalty that the
        training subjects chose (of logistic regression: 1/C), NaN where there is none to choose.
    predictions : DataFrame
        One row per method, task, repeat and subject, predicted when the subject was in the test fold:
        ``method, task, repeat, fold, sid, true, predicted``. Regression: natural logarithms.
    skipped : dict
        Task name -> why it could not be evaluated.
    """

    scores: pd.DataFrame
    predictions: pd.DataFrame
    skipped: dict[str, str] = field(default_factory=dict)


def readout_obstacle(labels: pd.Series, folds: int) -> str | None:
    """Why these labels cannot be cross-validated, or None if they can.

    Parameters
    ----------
    labels : Series [N]
    folds : int
    """
    needed = max(MIN_SUBJECTS, 2 * folds)
    if len(labels) < needed:
        return f"only {len(labels)} subjects have features and a label, {needed} are needed for {folds} folds"
    if labels.nunique() == 1:
        return f"all {len(labels)} subjects have the same label"
    return None


def cross_validated(
    labels: pd.Series,
    inputs: np.ndarray,
    task: Task,
    method: str,
    folds: int,
    repeats: int,
    seed: int,
    model: ModelBuilder,
    unlabelled: int = 0,
) -> Readout:
    """Cross-validate any model that has ``fit`` and ``predict``: a linear one on features, a network on scans.

    Parameters
    ----------
    labels : Series [N]
        Indexed by sid and sorted, as `tasks.labels_of` gives them.
    inputs : array [N, ...]
        What the model is fitted to, in the order of `labels`.
    task, method, folds, repeats, seed, model
        As in `readout`.
    unlabelled : int
        Subjects that were left out because they have no label.

    Raises
    ------
    ValueError
        `readout_obstacle` finds the labels unusable.
    """
    reason = readout_obstacle(labels, folds)
    if reason:
        raise ValueError(f"task {task.name!r} cannot be evaluated: {reason}")
    scores, predictions = cross_validate(inputs, labels.to_numpy(), task, folds, repeats, seed, model)
    predictions["sid"] = labels.index.to_numpy()[predictions["sid"]]
    scores["n_unlabelled"] = unlabelled
    for table in (scores, predictions):
        table.insert(0, "method", method)
        table.insert(1, "task", task.name)
    return Readout(scores, predictions)


def cross_validate(
    matrix: np.ndarray, labels: np.ndarray, task: Task, folds: int, repeats: int, seed: int, model: ModelBuilder
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores per fold and predictions per subject.

    Parameters
    ----------
    matrix : array [N, ...]
    labels : array [N]
    task, folds, repeats, seed, model
        As in `cross_validated`.

    Returns
    -------
    scores, predictions : DataFrame
        As in `Readout`, without method, task and ``n_unlabelled``; ``sid`` is the row of `matrix`.
    """
    scores, predictions = [], []
    for repeat in range(repeats):
        rng = np.random.default_rng([seed, repeat])
        fold_of = stratified_folds(labels, folds, rng, classes=task.classes is not None)
        for fold, (train, test) in enumerate(splits(fold_of)):
            fitted = model(task, labels[train], rng).fit(matrix[train], labels[train])
            predicted = fitted.predict(matrix[test])
            where = {"repeat": repeat, "fold": fold}
            sizes = {"n_train": len(train), "n_test": len(test), "alpha": penalty(fitted)}
            for metric, value in score(task, labels[test], predicted).items():
                scores.append({"metric": metric, **where, "value": value, **sizes})
            predictions.append(pd.DataFrame({**where, "sid": test, "true": labels[test], "predicted": predicted}))
    return pd.DataFrame(scores), pd.concat(predictions, ignore_index=True)


def concat_readouts(readouts: Sequence[Readout], methods: Sequence[str]) -> Readout:
    """Readouts of the same tasks and folds as one.

    Parameters
    ----------
    readouts : sequence of Readout
    methods : sequence of str
        The methods to keep, in the order of the result's rows.
    """
    scores, predictions = (
        pd.concat([table[table["method"] == method] for method in methods for table in tables], ignore_index=True)
        for tables in ([one.scores for one in readouts], [one.predictions for one in readouts])
    )
    return Readout(scores, predictions, {name: why for one in readouts for name, why in one.skipped.items()})
