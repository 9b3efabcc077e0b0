"""How often a test claims a difference between two methods that are equally good: a simulation in seconds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from drasclr_core.evaluate.folds import splits, stratified_folds
from drasclr_core.evaluate.statistics.significance import corrected_t, two_sample_t


def equally_good(subjects: int, folds: int, repeats: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns R2 of two readouts of equal worth, two arrays [repeats * folds] of scores on the same folds.

    Label y ~ N(0, 1) of `subjects`; the features are y + n and y + n' with standard normal n from `rng`. Least squares
    on the training `folds`, which are drawn anew in each of the `repeats`.
    """
    label = rng.standard_normal(subjects)
    features = label + rng.standard_normal((2, subjects))
    scores = []
    for _ in range(repeats):
        for train, test in splits(stratified_folds(label, folds, rng, classes=False)):
            scores.append([_r2(feature, label, train, test) for feature in features])
    first, second = np.array(scores).T
    return first, second


def false_alarms(
    subjects: int = 60, folds: int = 5, repeats: int = 10, studies: int = 200, level: float = 0.05, seed: int = 0
) -> pd.DataFrame:
    """Returns the share of simulated studies of two `equally_good` methods in which each one-sided test says "better".

    Each of the `studies` has `subjects`, `folds` and `repeats`; a test says "better" where its p is below `level`.

    Returns
    -------
    DataFrame
        ``test, repeats, rate``: the paper's two-sample t-test (on all folds of all repeats), the ordinary paired
        t-test, and the corrected resampled t-test, each with the first repeat alone and with all of them. A good test
        has a rate near `level`; its standard error is sqrt(level (1 - level) / studies). The same `seed` gives the
        same.
    """
    counts = dict.fromkeys([1, repeats])
    rng = np.random.default_rng(seed)
    alarms = {(test, used): 0 for used in counts for test in ("two-sample t", "paired t", "corrected t")}
    for _ in range(studies):
        first, second = equally_good(subjects, folds, repeats, rng)
        for used in counts:
            one, two = first[: used * folds], second[: used * folds]
            alarms["two-sample t", used] += two_sample_t(one, two) < level
            alarms["paired t", used] += stats.ttest_rel(one, two, alternative="greater").pvalue < level
            alarms["corrected t", used] += corrected_t(one, two, 1 / (folds - 1)) < level
    rows = [(test, used, count / studies) for (test, used), count in alarms.items()]
    return pd.DataFrame(rows, columns=["test", "repeats", "rate"])


def _r2(feature: np.ndarray, label: np.ndarray, train: np.ndarray, test: np.ndarray) -> float:
    slope, intercept = np.polyfit(feature[train], label[train], 1)
    error = label[test] - slope * feature[test] - intercept
    return float(1 - np.sum(error**2) / np.sum((label[test] - label[test].mean()) ** 2))
