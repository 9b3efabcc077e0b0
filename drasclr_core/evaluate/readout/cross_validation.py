"""Cross-validation by subject: every subject is predicted by a model that has not seen it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from drasclr_core.evaluate.folds import splits, stratified_folds
from drasclr_core.evaluate.readout.linear import penalty, penalty_edge
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
        n_test, alpha, alpha_edge, edge_change, n_unlabelled``. R2 and kappa as such, accuracies in per cent. `alpha` is
        the L2 penalty that the training subjects chose (of logistic regression: 1/C), NaN where there is none to
        choose; the next two say whether it lies on an edge of its grid (see `penalty_edge`).
    predictions : DataFrame
        One row per method, task, repeat and subject, predicted when the subject was in the test fold:
        ``method, task, repeat, fold, sid, true, predicted``. Regression: natural logarithms, if the task has them.
    skipped : dict
        Task name -> why it could not be evaluated.
    """

    scores: pd.DataFrame
    predictions: pd.DataFrame
    skipped: dict[str, str] = field(default_factory=dict)


def readout_obstacle(labels: pd.Series, folds: int) -> str | None:
    """Returns why these `labels` [N] cannot be cross-validated in so many `folds`, or None if they can."""
    needed = max(MIN_SUBJECTS, 2 * folds)
    if len(labels) < needed:
        return f"only {len(labels)} subjects have features and a label, {needed} are needed for {folds} folds"
    if labels.nunique() == 1:
        return f"all {len(labels)} subjects have the same label"
    return None


def cross_validate(
    inputs: np.ndarray,
    labels: pd.Series,
    task: Task,
    method: str,
    folds: int,
    repeats: int,
    seed: int,
    model: ModelBuilder,
    unlabelled: int = 0,
) -> Readout:
    """Cross-validates any `model` that has ``fit`` and ``predict``: a linear one on features, a network on scans.

    `task, method, folds, repeats, seed` are as in `readout`; `unlabelled` is how many subjects were left out for want
    of a label.

    Parameters
    ----------
    inputs : array [N, ...]
        What the model is fitted to, in the order of `labels`.
    labels : Series [N]
        Indexed by sid and sorted, as `labels_of` gives them.

    Raises
    ------
    ValueError
        `readout_obstacle` finds the labels unusable.
    """
    reason = readout_obstacle(labels, folds)
    if reason:
        raise ValueError(f"task {task.name!r} cannot be evaluated: {reason}")
    sids, true = labels.index.to_numpy(), labels.to_numpy()
    scores, predictions = [], []
    for repeat in range(repeats):
        rng = np.random.default_rng([seed, repeat])
        fold_of = stratified_folds(true, folds, rng, classes=task.classes is not None)
        for fold, (train, test) in enumerate(splits(fold_of)):
            fitted = model(task, true[train], rng).fit(inputs[train], true[train])
            predicted = fitted.predict(inputs[test])
            row, where = {"method": method, "task": task.name}, {"repeat": repeat, "fold": fold}
            edge, change = penalty_edge(fitted)
            chosen = {"alpha": penalty(fitted), "alpha_edge": edge, "edge_change": change}
            facts = {"n_train": len(train), "n_test": len(test), **chosen, "n_unlabelled": unlabelled}
            for metric, value in score(task, true[test], predicted).items():
                scores.append({**row, "metric": metric, **where, "value": value, **facts})
            who = {"sid": sids[test], "true": true[test], "predicted": predicted}
            predictions.append(pd.DataFrame({**row, **where, **who}))
    return Readout(pd.DataFrame(scores), pd.concat(predictions, ignore_index=True))


def concat_readouts(readouts: Sequence[Readout], methods: Sequence[str] = ()) -> Readout:
    """Returns readouts of the same folds as one.

    Parameters
    ----------
    readouts : sequence of Readout
    methods : sequence of str
        The methods to keep, in the order of the result's rows; empty keeps all rows as they are.
    """
    scores, predictions = (pd.concat([getattr(one, name) for one in readouts]) for name in ("scores", "predictions"))
    if methods:
        scores, predictions = (
            pd.concat([table[table["method"] == method] for method in methods]) for table in (scores, predictions)
        )
    skipped = {name: why for one in readouts for name, why in one.skipped.items()}
    return Readout(scores.reset_index(drop=True), predictions.reset_index(drop=True), skipped)
