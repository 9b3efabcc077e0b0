"""What readouts, survival models and comparisons of methods say, in words."""

from __future__ import annotations

import math
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
LONGER = "_long"
"""What the name of a method's longer training ends with."""


def readout_answer(table: pd.DataFrame, gain: pd.DataFrame, closely: str, task: str, metric: str) -> str:
    """Returns two sentences in Markdown: where a method is above or below chance, and how the best do on one task.

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
    better, worse = gain[gain["low"] > 0], gain[gain["high"] < 0]
    below = f", and clearly worse in {len(worse)}{_where(worse)}" if len(worse) else ""
    first = (
        f"**{row_of(closely).name} is clearly better than chance in {len(better)} of {len(gain)} scores**"
        f"{_where(better)}{below}, each 95 % interval taken by itself, on {int(table['subjects'].max())} subjects that "
        "the readout has not seen."
    )
    if not ((table["task"] == task) & (table["metric"] == metric)).any():
        task, metric = table.iloc[0][["task", "metric"]]
    scores = table[table["task"].eq(task) & table["metric"].eq(metric)].set_index("method")["mean"]
    what = SAID.get(task, task) if metric in UNITS else label(task, metric)
    return f"{first} {_standing(scores, closely, metric, what)}"


def survival_answer(
    table: pd.DataFrame, gain: pd.DataFrame, closely: str, floor: str, metric: str, horizon: str
) -> str:
    """Returns in Markdown how well a row orders pairs of subjects, what it adds to the floor, and which row is best.

    Parameters
    ----------
    table : DataFrame
        ``method, metric, mean, low, high, subjects, deaths``, as in ``results/table3.csv``.
    gain : DataFrame
        Of the row minus the floor, from `compare_methods`; empty where they cannot be compared.
    closely, floor : str
        The row that the page looks at, and the one with the confounders alone.
    metric, horizon : str
        Which concordance, and until when pairs count.
    """
    part = table[table["metric"] == metric].set_index("method")
    mine = part.loc[closely]
    alone = f", with the confounders alone in {100 * part.loc[floor, 'mean']:.0f} %" if floor in part.index else ""
    first = (
        f"**With {row_of(closely).name} the model gives the higher risk to who dies first in "
        f"{100 * mine['mean']:.0f} % of pairs** (95 % interval {100 * mine['low']:.0f} to {100 * mine['high']:.0f} %)"
        f"{alone}; half would be guessing. "
        f"{int(mine['subjects'])} subjects, {int(mine['deaths'])} deaths in all; pairs count until the {horizon}."
    )
    found = gain[gain["metric"].eq(metric) & gain["low"].notna()] if len(gain) else gain
    added = ""
    if len(found):
        one = found.iloc[0]
        clear = "clear" if one["low"] > 0 else "clearly a loss" if one["high"] < 0 else "not clear"
        added = (f" What the image adds to the confounders is {clear}: {100 * one['estimate']:+.1f} points "
                 f"({100 * one['low']:+.1f} to {100 * one['high']:+.1f}).").replace("-", "−")  # fmt: skip
    return f"{first}{added} {_best(part['mean'], closely, '{}', lambda share: f'{100 * share:.0f} %')}"


def comparisons_answer(tested: Mapping[str, pd.DataFrame], level: float = 0.05) -> str:
    """Returns in Markdown how many differences are clear, before and after a correction for their number.

    Parameters
    ----------
    tested : mapping of str to DataFrame
        Table -> comparisons, from `compare_methods`.
    level : float
        Below which a corrected p counts.
    """
    if not tested:
        return "**This run has no table to test.**"
    every = pd.concat(tested.values())
    known = every.dropna(subset=["low", "high"])
    ahead, behind = int((known["low"] > 0).sum()), int((known["high"] < 0).sum())
    unknown = len(every) - len(known)
    bootstrap, folds = (int((every[f"p_{test}_holm"] < level).sum()) for test in ("bootstrap", "corrected"))
    return (
        f"**Of {len(known)} comparisons with another row, the 95 % interval over subjects speaks for the method looked "
        f"at in {ahead}, against it in {behind}, and for neither in {len(known) - ahead - behind}.**"
        + (f" {unknown} more have no interval, for want of draws." if unknown else "")
        + f" After Holm's correction for the number in each table, {bootstrap} stay in favour by the bootstrap and "
        f"{folds} by the corrected test over folds (one-sided: what speaks against it is not corrected)."
    )


def corrected_note(table: pd.DataFrame, name: str, draws: int | None = None, level: float = 0.05) -> str:
    """Returns how many comparisons of one table stay in favour of the method `name` after Holm's correction.

    With the number of bootstrap `draws` it says too what so many can find (`draws_note`).
    """
    tests = (table["p_bootstrap_holm"], table["p_corrected_holm"])  # one-sided, in favour
    left = " and ".join(str((p < level).sum()) if p.notna().any() else "–" for p in tests)
    few = draws_note(len(table), draws, level) if draws else ""
    return (f"{row_of(name).name}, of {len(table)} comparisons {left} are left in favour after Holm's correction, by "
            "bootstrap and by the corrected test. Many ask the same again, such as rows that all predict as chance "
            f"does.{f' {few[:1].upper()}{few[1:]}' if few else ''}")  # fmt: skip


def draws_note(comparisons: int, draws: int, level: float = 0.05) -> str:
    """Returns in words what so many bootstrap draws let Holm's correction of so many comparisons find.

    The smallest p of a bootstrap is one by the number of draws, the sample among them; each draw at or below 0 adds
    another. Holm's first step multiplies the smallest p by the number of comparisons: if it does not pass, none does.
    Empty where draws hardly matter.
    """
    floor = comparisons / draws
    if floor <= level / 5:
        return ""
    against = math.ceil(level / floor) - 2  # the most for which (1 + against) * floor stays below the level
    passes = "none can pass, and more draws are needed (`n_bootstraps`)"
    if against >= 0:
        most = f"at most {against} draw{'s' if against > 1 else ''}" if against else "no draw"
        passes = f"none passes unless {most} speak{'' if against > 1 else 's'} against the clearest difference"
    return f"with {draws} draws no p of the bootstrap can be below {floor:.2g} after Holm's correction; {passes}."


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
    # A median over other targets would be no comparison: those count that every role has.
    roles = inner["role"].nunique()
    shared = inner.groupby("target")["role"].transform("nunique") == roles
    inner = inner[shared] if shared.any() else inner
    middle = inner.groupby("role", sort=False)["way"].median()
    said = ", ".join(f"{names[role]} {100 * way:z.0f} %" for role, way in middle.items()).replace(" -", " −")
    return (
        f"**Of the way from a row that sees no scan to one that knows the disease, methods go: {said}** (the median of "
        f"{inner['target'].nunique()} targets{' that all have' if roles > 1 and shared.any() else ''}). What lies "
        "above the ceiling is luck, something that is no disease, or a bend that a linear readout of it misses."
    )


def _where(part: pd.DataFrame) -> str:
    return f" ({', '.join(label(row.task, row.metric) for row in part.itertuples())})" if len(part) else ""


def _standing(scores: pd.Series, closely: str, metric: str, task: str) -> str:
    unit = UNITS.get(metric, "{}")
    mine, floor = (mean_sd(scores.get(name, np.nan), np.nan, metric) for name in (closely, "chance"))
    top = scores[[name for name in scores.index if row_of(name).group == "ceilings"]]
    known = f", a readout of the true disease {mean_sd(top.max(), np.nan, metric)}" if len(top) else ""
    longer = mean_sd(scores.get(f"{closely}{LONGER}", np.nan), np.nan, metric)
    longer = f" ({longer} trained longer)" if f"{closely}{LONGER}" in scores else ""
    best = _best(scores, closely, unit, lambda value: mean_sd(value, np.nan, metric))
    return f"For {task} it reaches {unit.format(mine)}{longer}, chance {floor}{known}. {best}"


def _best(scores: pd.Series, closely: str, unit: str, write=lambda value: value) -> str:
    methods = scores[[name for name in scores.index if row_of(name).is_method]].dropna()
    if methods.empty:
        return ""
    shown = methods.map(write)
    best = [name for name in methods.sort_values(ascending=False).index if shown[name] == shown[methods.idxmax()]]
    if closely in best:
        return "No other method has a higher score."
    names = " and ".join(row_of(name).name for name in best)
    return f"The highest score is that of {names}, {unit.format(shown[best[0]])}."
