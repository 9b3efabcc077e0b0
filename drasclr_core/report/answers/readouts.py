"""What readouts, survival models and comparisons of methods say, in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from drasclr_core.methods import row_of
from drasclr_core.report.figures.evaluation.rows import label
from drasclr_core.report.tables.beside_paper import mean_sd

UNITS = {"R2": "an R² of {}", "kappa": "a kappa of {}", "accuracy": "{} % right"}
"""How the score of a metric is said."""
SAID = {
    "logFEV1pp": "FEV1 in % of predicted (log)",
    "logFEV1/FVC": "FEV1/FVC (log)",
    "CLE": "the score of centrilobular emphysema",
}
"""Tasks for readers who do not know their short names."""
NO_METHOD = ("no image", "ceilings")
"""Groups of rows that are no method."""


def readout_answer(table: pd.DataFrame, gain: pd.DataFrame, closely: str, task: str, metric: str) -> str:
    """Returns two sentences in Markdown: where a method is better than chance, and how the best do on one task.

    Parameters
    ----------
    table : DataFrame
        ``method, task, metric, mean, subjects``, as in ``results/table2.csv``.
    gain : DataFrame
        Of the method minus chance, from `compare_methods`.
    closely : str
        The method that the page looks at.
    task, metric : str
        What the second sentence is about; the first task of the table, where it has none of this name.
    """
    clear = gain[gain["low"] > 0]
    where = f" ({', '.join(label(row.task, row.metric) for row in clear.itertuples())})" if len(clear) else ""
    first = (
        f"**{row_of(closely).name} is clearly better than chance in {len(clear)} of {len(gain)} scores**{where}, on "
        f"{int(table['subjects'].max())} subjects that the readout has not seen."
    )
    if not ((table["task"] == task) & (table["metric"] == metric)).any():
        task, metric = table.iloc[0][["task", "metric"]]
    scores = table[table["task"].eq(task) & table["metric"].eq(metric)].set_index("method")["mean"]
    what = SAID.get(task, task) if metric in UNITS else label(task, metric)
    return f"{first} {_standing(scores, closely, metric, what)}"


def survival_answer(table: pd.DataFrame, closely: str, floor: str, metric: str, horizon: str) -> str:
    """Returns two sentences in Markdown: how well a row orders pairs of subjects, and which row does it best.

    Parameters
    ----------
    table : DataFrame
        ``method, metric, mean, low, high, subjects, deaths``, as in ``results/table3.csv``.
    closely, floor : str
        The row that the page looks at, and the one with the confounders alone.
    metric, horizon : str
        Which concordance, and what its horizon is called.
    """
    part = table[table["metric"] == metric].set_index("method")
    mine, least = part.loc[closely], part["mean"].get(floor, float("nan"))
    first = (
        f"**With {row_of(closely).name} the model gives the higher risk to who dies first in {mine['mean']:.0%} of "
        f"pairs** (95 % interval {mine['low']:.0%} to {mine['high']:.0%}), with the confounders alone in {least:.0%}; "
        f"half would be guessing. {int(mine['subjects'])} subjects, {int(mine['deaths'])} deaths, before the {horizon}."
    )
    return f"{first} {_best(part['mean'], closely, '{}', '{:.0%}'.format)}"


def comparisons_answer(tested: Mapping[str, pd.DataFrame], names: Mapping[str, str], called: Mapping[str, str]) -> str:
    """Returns in Markdown how many differences of each table are clear, before and after a correction for their number.

    Parameters
    ----------
    tested : mapping of str to DataFrame
        Table -> comparisons, from `compare_methods`.
    names : mapping of str to str
        Table -> the method that is compared.
    called : mapping of str to str
        Table -> what readers call it.
    """
    if not tested:
        return "**This run has no table to test.**"
    every = pd.concat(tested.values())
    ahead, behind = int((every["low"] > 0).sum()), int((every["high"] < 0).sum())
    first = (
        f"**Of {len(every)} comparisons with another row, {ahead} are clearly in favour of the method looked at, "
        f"{behind} against it, and {len(every) - ahead - behind} cannot be told**, by 95 % intervals over subjects."
    )
    parts = []
    for name, table in tested.items():
        left = int((table["p_bootstrap_holm"] <= 0.05).sum()) if table["p_bootstrap_holm"].notna().any() else None
        said = f"{left} of {len(table)}" if left is not None else "no draws"
        parts.append(f"{called[name]} ({row_of(names[name]).name}) {said}")
    return f"{first} In favour after Holm's correction for their number: {'; '.join(parts)}."


def reach_answer(found: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Returns in Markdown how much of the way from floor to ceiling each role goes, the median over targets.

    Parameters
    ----------
    found : DataFrame
        ``target, role, way`` (from 0, the floor, to 1, the ceiling), from `evaluate.reach.reach`.
    names : mapping of str to str
        Role -> its name for readers; ``floor`` and ``ceiling`` are left out.
    """
    inner = found[~found["role"].isin(["floor", "ceiling"]) & found["way"].notna()]
    if inner.empty:
        return "**This run cannot say how much can be reached:** no table has both a floor and a ceiling."
    middle = inner.groupby("role", sort=False)["way"].median()
    said = ", ".join(f"{names[role]} {100 * way:.0f} %" for role, way in middle.items())
    return (
        f"**Of the way from who sees no scan to who knows the disease, methods go: {said}** (the median over "
        f"{inner['target'].nunique()} targets). What lies above the ceiling is luck, or something that is no disease."
    )


def _standing(scores: pd.Series, closely: str, metric: str, task: str) -> str:
    unit = UNITS.get(metric, "{}")
    mine, floor = (mean_sd(scores.get(name, np.nan), np.nan, metric) for name in (closely, "chance"))
    top = scores[[name for name in scores.index if row_of(name).group == "ceilings"]]
    known = f", who knows the disease {mean_sd(top.max(), np.nan, metric)}" if len(top) else ""
    best = _best(scores, closely, unit, lambda value: mean_sd(value, np.nan, metric))
    return f"For {task} it reaches {unit.format(mine)}, chance {floor}{known}. {best}"


def _best(scores: pd.Series, closely: str, unit: str, write=lambda value: value) -> str:
    methods = scores[[name for name in scores.index if row_of(name).group not in NO_METHOD]].dropna()
    if methods.empty:
        return ""
    first = methods.idxmax()
    if first == closely:
        return "No other method has a higher score."
    return f"The highest score has {row_of(first).name}, {unit.format(write(methods[first]))}."
