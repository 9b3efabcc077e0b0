"""Calibration: whether of those who were given a risk of 20 %, 20 % die."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.exceptions import ConvergenceError, ConvergenceWarning

MAX_SLOPE = 20.0


def calibration_table(
    days: np.ndarray, died: np.ndarray, survival: np.ndarray, day: float, groups: int = 3
) -> pd.DataFrame:
    """Returns predicted and observed risk of dying by `day`, for all subjects and by predicted risk.

    Parameters
    ----------
    days, died : array [N]
    survival : array [N]
        Predicted probability of being alive on `day`.
    groups : int
        How many groups of equal size; subjects with equal predictions may fall in different ones.

    Returns
    -------
    DataFrame
        ``group`` (0 is all subjects, 1 the lowest risk), ``subjects``, ``deaths`` (by `day`), ``predicted`` (mean),
        ``observed`` (1 - Kaplan-Meier, which allows for censoring; NaN where nobody is followed up to `day`), ``low``
        and ``high`` (95 %).

    Raises
    ------
    ValueError
        A prediction is missing or no probability, or there are fewer subjects than groups.
    """
    days, died, survival = np.asarray(days), np.asarray(died).astype(bool), np.asarray(survival, dtype=float)
    if not ((survival >= 0) & (survival <= 1)).all():
        raise ValueError("predicted survival must lie between 0 and 1 for every subject")
    if len(days) < groups:
        raise ValueError(f"{len(days)} subjects cannot be divided into {groups} groups")
    order = np.argsort(-survival, kind="stable")
    parts = [np.arange(len(days)), *np.array_split(order, groups)]
    rows = []
    for number, part in enumerate(parts):
        observed, low, high = observed_risk(days[part], died[part], day)
        deaths = int(np.sum(died[part] & (days[part] <= day)))
        rows.append((number, len(part), deaths, float(1 - survival[part].mean()), observed, low, high))
    return pd.DataFrame(rows, columns=["group", "subjects", "deaths", "predicted", "observed", "low", "high"])


def observed_risk(days: np.ndarray, died: np.ndarray, day: float) -> tuple[float, float, float]:
    """Returns the share that has died by `day`, 1 - Kaplan-Meier, and the ends of its 95 % interval (log-log).

    `days` [N] is follow-up, `died` [N] whether it ended with death. NaN where nobody is followed up to `day` and not
    everybody has died. Without a death the interval is NaN.
    """
    fitter = KaplanMeierFitter().fit(days, died)
    alive = float(fitter.predict(day))
    if np.max(days) < day and alive > 0:
        return (float("nan"),) * 3
    interval = fitter.confidence_interval_.loc[:day].iloc[-1]
    high, low = (1 - float(value) for value in interval)
    return (1 - alive, low, high) if 0 < alive < 1 else (1 - alive, float("nan"), float("nan"))


def calibration_slope(days: np.ndarray, died: np.ndarray, log_risk: np.ndarray) -> tuple[float, float, float]:
    """Returns the slope of a Cox regression of the outcome on the predicted log risk, and its 95 % interval.

    1 is right; below 1 predictions are too extreme (overfitting), above 1 too timid (too strong a penalty), 0 useless.
    NaN where risks do not vary, nobody died, or the risks put the deaths in order without a fault, so that no slope is
    steep enough. The `log_risk` [N] was predicted for subjects (`days`, `died`: [N]) who took no part in the model.
    """
    missing = (float("nan"),) * 3
    if not np.any(died) or np.std(log_risk) < 1e-9:
        return missing
    scale = float(np.std(log_risk))
    table = pd.DataFrame({"score": np.asarray(log_risk) / scale, "days": days, "died": died})
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:  # an early end gives a slope that is finite and too small
            fitter = CoxPHFitter(penalizer=1e-6).fit(table, "days", "died")
        except (ConvergenceWarning, ConvergenceError):
            return missing
    slope = float(fitter.params_["score"])
    if abs(slope) > MAX_SLOPE or not np.isfinite(fitter.standard_errors_["score"]):
        return missing
    low, high = fitter.confidence_intervals_.loc["score"]
    return slope / scale, float(low) / scale, float(high) / scale
