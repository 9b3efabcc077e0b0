"""Low, middle and high predicted risk: Kaplan-Meier curves, numbers at risk, log-rank test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test

TERTILES = ("low", "middle", "high")
YEAR = 365.25
"""Days."""


def tertiles(log_risk: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Returns the third of its own tested fold in which each predicted risk lies, int array [N]: 0 low, 1, 2 high.

    Ranks of `log_risk` [N] are taken within a `fold` [N] because every fold has its own model. Equal risks share their
    mean rank, so that subjects who are all predicted alike are all in the middle. Outcomes play no part.

    Raises
    ------
    ValueError
        A risk is missing.
    """
    risk = pd.Series(log_risk, dtype=float)
    if risk.isna().any():
        raise ValueError(f"{int(risk.isna().sum())} of {len(risk)} predicted risks are missing")
    ranks = risk.groupby(np.asarray(fold)).rank(method="average", pct=False) - 0.5
    sizes = risk.groupby(np.asarray(fold)).transform("size")
    return np.minimum(ranks / sizes * len(TERTILES), len(TERTILES) - 1).to_numpy().astype(int)


def curves(days: np.ndarray, died: np.ndarray, group: np.ndarray) -> pd.DataFrame:
    """Returns Kaplan-Meier survival of each group with 95 % intervals (log-log): ``group, day, survival, low, high``.

    One row per `group` (of `days`, `died`, `group`: [N]) and day on which somebody died or was censored.
    """
    parts = []
    for number in np.unique(group):
        chosen = np.asarray(group) == number
        fitter = KaplanMeierFitter().fit(np.asarray(days)[chosen], np.asarray(died)[chosen])
        table = pd.concat([fitter.survival_function_, fitter.confidence_interval_], axis=1).reset_index()
        table.columns = ["day", "survival", "low", "high"]
        # Before the first death the interval is undefined; nobody has died, and that is what is shown.
        table[["low", "high"]] = table[["low", "high"]].where(table["survival"] < 1, 1.0)
        parts.append(table.assign(group=number))
    return pd.concat(parts, ignore_index=True)[["group", "day", "survival", "low", "high"]]


def at_risk(days: np.ndarray, group: np.ndarray, moments: Sequence[float]) -> pd.DataFrame:
    """Returns how many of each `group` [N] (row) are followed, by `days` [N], just before each of `moments` (column).

    `moments` are days.
    """
    days, group = np.asarray(days), np.asarray(group)
    counts = [[int(np.sum((group == number) & (days >= moment))) for moment in moments] for number in np.unique(group)]
    return pd.DataFrame(counts, index=pd.Index(np.unique(group), name="group"), columns=list(moments))


def log_rank(days: np.ndarray, died: np.ndarray, group: np.ndarray) -> tuple[float, float]:
    """Returns statistic and p value of the log-rank test that all groups survive alike; NaN with one group or no death.

    Assumes (`days`, `died`, `group` as in `curves`) groups that were fixed beforehand. Groups by cross-validated risk
    were not quite, because each subject's outcome took part in the models of the other folds; the p value is then
    approximate, the more so with few subjects (Simon et al. 2011).
    """
    if len(np.unique(group)) < 2 or not np.any(died):
        return float("nan"), float("nan")
    test = multivariate_logrank_test(days, group, died)
    return float(test.test_statistic), float(test.p_value)
