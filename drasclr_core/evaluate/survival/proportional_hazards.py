"""Cox's assumption, a hazard ratio that is the same at all times: its test, and what to do when it fails."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from lifelines.statistics import proportional_hazard_test
from statsmodels.stats.multitest import multipletests

RIDGE = 0.01
"""So that a category without deaths gives a finite hazard ratio."""
PARTS = 3
RESULT, ENOUGH = 5.0, 10.0
"""Deaths per covariate: below the first hazard ratios are not shown as results, below the second with a warning."""


def estimable(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the `table` (see `hazard_ratios`) without covariates that have no hazard ratio.

    These are constant ones, and categories in which nobody died. Rows and the order of columns are kept.
    """
    covariates = table.columns.drop(["days", "died"])
    died = table.loc[table["died"].astype(bool), covariates]
    return table.drop(columns=[name for name in covariates if min(table[name].nunique(), died[name].nunique()) < 2])


def deaths_per_covariate(table: pd.DataFrame) -> float:
    """Returns the number of deaths for each covariate of the `table` (see `hazard_ratios`).

    Below ten, coefficients and intervals of a Cox model become unreliable (Peduzzi et al. 1995); between five and nine
    often still usable (Vittinghoff and McCulloch 2007). Hence `ENOUGH` and `RESULT`.
    """
    return float(table["died"].sum() / max(1, len(table.columns.drop(["days", "died"]))))


def hazard_obstacle(table: pd.DataFrame) -> str:
    """Returns why hazard ratios of the `table` are no results, or why to read them with care; empty where neither.

    A reason begins with ``No hazard ratios`` below `RESULT` deaths per covariate, and with ``Few deaths`` below
    `ENOUGH`.
    """
    each, deaths, count = deaths_per_covariate(table), int(table["died"].sum()), len(table.columns) - 2
    told = f"{deaths} deaths for {count} covariates, {each:.1f} for each"
    if each < RESULT:
        return f"No hazard ratios: {told}. Below {RESULT:.0f} they are no results."
    if each < ENOUGH:
        return f"Few deaths: {told}. Below {ENOUGH:.0f} hazard ratios and their intervals are unreliable."
    return ""


def hazard_ratios(table: pd.DataFrame, strata: Sequence[str] = ()) -> pd.DataFrame:
    """Returns hazard ratios of one Cox model on all subjects, and the test of scaled Schoenfeld residuals against time.

    The test (Grambsch and Therneau 1994) asks whether the log hazard ratio of a covariate rises or falls with the rank
    of the time of death. It sees trends only, it has little power with few deaths, and with thousands it finds
    departures that do not matter: look at the hazard ratios too.

    Parameters
    ----------
    table : DataFrame
        ``days``, ``died`` and the covariates. Those with more than two values are standardised, so that the hazard
        ratio is for one standard deviation.
    strata : sequence of str
        Covariates that get a baseline hazard for each of their values (continuous ones: of their `PARTS` quantile
        groups) instead of a hazard ratio.

    Returns
    -------
    DataFrame
        ``covariate, hazard_ratio, low, high`` (95 %), ``statistic, p, p_holm``.

    Raises
    ------
    ValueError
        A covariate is missing for a subject or constant, or nobody died.
    """
    if not table["died"].any():
        raise ValueError(f"none of the {len(table)} subjects died: there is no hazard to look at")
    if table.isna().any(axis=None):
        raise ValueError(
            f"column {table.columns[table.isna().any()][0]!r} has missing values: leave these subjects out"
        )
    data = pd.DataFrame({"days": table["days"].astype(float), "died": table["died"].astype(int)})
    for name in table.columns.drop(["days", "died"]):
        values = table[name].astype(float)
        if values.nunique() == 1:
            raise ValueError(f"covariate {name!r} is the same for all subjects: leave it out")
        if name in strata:
            data[name] = pd.qcut(values, PARTS, labels=False, duplicates="drop") if values.nunique() > PARTS else values
        else:
            data[name] = (values - values.mean()) / values.std() if values.nunique() > 2 else values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = CoxPHFitter(penalizer=RIDGE).fit(data, "days", "died", strata=list(strata) or None)
        test = proportional_hazard_test(fitter, data, time_transform="rank").summary
    names = list(fitter.params_.index)
    interval = np.exp(fitter.confidence_intervals_).set_axis(["low", "high"], axis=1).loc[names].reset_index(drop=True)
    result = pd.DataFrame({"covariate": names, "hazard_ratio": np.exp(fitter.params_.to_numpy())}).join(interval)
    # lifelines sorts the test by name.
    result["statistic"], result["p"] = (test.loc[names, column].to_numpy() for column in ("test_statistic", "p"))
    return result.assign(p_holm=multipletests(result["p"], method="holm")[1])


def failing(checked: pd.DataFrame, level: float = 0.05) -> list[str]:
    """Returns the covariates whose ratio changes with time: in `checked` (`hazard_ratios`) p_holm is below `level`."""
    return list(checked.loc[checked["p_holm"] < level, "covariate"])


def remedy(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Returns the hazard ratios of the other covariates when those in `names` are stratified (see `hazard_ratios`).

    Stratifying removes the assumption for `names` at the price of saying nothing about their effect. Where the other
    hazard ratios stay as they were, the failure does not touch the conclusion about them. Where a covariate of
    interest fails itself, stratifying it makes no sense: report its effect for early and late follow-up apart, or a
    measure that needs no proportional hazards, such as the concordance before a horizon.

    Raises
    ------
    ValueError
        In `table` nothing is left that is not stratified.
    """
    if set(table.columns) <= {"days", "died", *names}:
        raise ValueError("every covariate would be stratified: none is left to look at")
    return hazard_ratios(table, names)
