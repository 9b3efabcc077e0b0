"""The models of a linear readout, and of chance; each is fitted to the training subjects of one fold."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from drasclr_core.evaluate.folds import splits, stratified_folds
from drasclr_core.evaluate.tasks import Task

# 128 features of a few dozen subjects need penalties so strong that only the mean is left; thousands, or one feature
# that tells grades apart well, need almost none.
PENALTIES_REGRESSION = np.logspace(-4, 8, 25)
PENALTIES_CLASSIFICATION = np.logspace(8, -6, 15)
INNER_FOLDS = 5
DECADE = np.log(10) * (1 + 1e-9)


def linear_model(task: Task, labels: np.ndarray, rng: np.random.Generator) -> BaseEstimator:
    """Returns, not fitted: standardised features, then ridge or multinomial logistic regression with an L2 penalty.

    The penalty is chosen while fitting: of ridge by leave-one-out error, of logistic regression by the log loss over
    five inner folds, which `rng` draws. Training `labels` [N] of one grade only leave nothing to learn: the model of a
    graded `task` then predicts that grade.
    """
    if task.classes is None:
        return make_pipeline(StandardScaler(), RidgeCV(PENALTIES_REGRESSION, store_cv_results=True))
    if len(np.unique(labels)) == 1:
        return chance_model(task, labels, rng)
    inner = splits(stratified_folds(labels, INNER_FOLDS, rng, classes=True))
    # A grade with a single member leaves one inner training fold without it: of no use where only one grade remains.
    inner = [(train, test) for train, test in inner if len(np.unique(labels[train])) > 1]
    return logistic_model(inner, solver="newton-cg", max_iter=200)


def logistic_model(inner: list[tuple[np.ndarray, np.ndarray]], **options) -> BaseEstimator:
    """Returns, not fitted: standardised features, then logistic regression; log loss over folds chooses its L2 penalty.

    `inner` says whom to train on and whom to test in each of these folds; `options` are of `LogisticRegressionCV`.
    """
    model = LogisticRegressionCV(
        Cs=1 / PENALTIES_CLASSIFICATION,
        l1_ratios=(0.0,),
        cv=inner,
        scoring=mean_log_probability,
        tol=1e-4,
        use_legacy_attributes=False,
        **options,
    )
    return make_pipeline(StandardScaler(), model)


def mean_log_probability(model: BaseEstimator, features: np.ndarray, labels: np.ndarray) -> float:
    """Returns the mean logarithm of the probability that a fitted `model` gives to the true `labels` [N].

    This is scikit-learn's ``neg_log_loss`` of `features` [N, D], without its checks of the input, which are two thirds
    of the time that choosing a penalty takes.
    """
    probability = model.predict_proba(features)[np.arange(len(labels)), np.searchsorted(model.classes_, labels)]
    least = np.finfo(probability.dtype).eps
    return float(np.log(probability.clip(least, 1 - least)).mean())


def chance_model(task: Task, labels: np.ndarray, rng: np.random.Generator) -> BaseEstimator:
    """Returns a model that predicts the mean of its training labels, or their most frequent grade.

    Of `task`, `labels` and `rng` (as in `linear_model`) only the kind of task matters.
    """
    return DummyRegressor(strategy="mean") if task.classes is None else DummyClassifier(strategy="most_frequent")


def penalty(fitted: BaseEstimator) -> float:
    """Returns the L2 penalty that a `fitted` model chose (of logistic regression: 1/C); NaN for one that has none."""
    last = _last(fitted)
    if isinstance(last, RidgeCV):
        return float(last.alpha_)
    return float(1 / last.C_) if isinstance(last, LogisticRegressionCV) else float("nan")


def penalty_edge(fitted: BaseEstimator) -> tuple[str, float]:
    """Returns on which edge of its grid the penalty of a `fitted` model lies, and what the last decade was worth.

    Returns
    -------
    str
        ``weakest`` or ``strongest``; empty where the penalty lies inside the grid, or there is none.
    float
        By what part of itself the inner loss (see `linear_model`) is larger a decade inside the grid than at the edge:
        near 0, a wider grid would change nothing. NaN where the penalty is on no edge.
    """
    last = _last(fitted)
    if isinstance(last, RidgeCV):
        grid, losses = np.asarray(last.alphas), last.cv_results_.mean(axis=0)
    elif isinstance(last, LogisticRegressionCV):
        grid, losses = 1 / np.asarray(last.Cs_), -last.scores_.reshape(-1, len(last.Cs_)).mean(axis=0)
    else:
        return "", float("nan")
    chosen = np.argmin(abs(np.log(grid) - np.log(penalty(fitted))))
    if grid[chosen] not in (grid.min(), grid.max()):
        return "", float("nan")
    decade = abs(np.log(grid) - np.log(grid[chosen])) <= DECADE
    inside = losses[np.argmax(np.where(decade, abs(np.log(grid) - np.log(grid[chosen])), -1))]
    edge = "weakest" if grid[chosen] == grid.min() else "strongest"
    return edge, float((inside - losses[chosen]) / max(losses[chosen], np.finfo(float).tiny))


def _last(fitted: BaseEstimator) -> BaseEstimator:
    return fitted[-1] if hasattr(fitted, "steps") else fitted
