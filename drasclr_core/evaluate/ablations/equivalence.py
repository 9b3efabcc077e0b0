"""Are two variants alike? Two one-sided tests against a margin that was stated beforehand (Schuirmann 1987)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from drasclr_core.evaluate.scorecard.verdicts import margin
from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.evaluate.statistics.intervals import subjects_tested, two_more
from drasclr_core.evaluate.statistics.resampling import SAMPLE

LEVEL = 0.05
FEWEST_DRAWS = 20
"""With fewer in which both have a score, nothing is said."""
ALIKE, DIFFERENT, UNDECIDED, GUESSES = "alike", "different", "undecided", "neither above chance"


def equivalence(
    draws: pd.DataFrame, method: str, other: str, level: float = LEVEL, scores: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Returns, for every task and metric, whether two methods differ by less than the margin of the scorecard.

    Two one-sided tests at `level` are passed together where the interval at 100 (1 - 2 `level`) % lies within the
    margin. *No significant difference* is no such finding: with few subjects nothing is significant. Nor do two guesses
    know the same: where neither method is above chance (one-sided, at `level`), that is the verdict.

    Parameters
    ----------
    draws : DataFrame
        ``method, task, metric, draw, value``, from a bootstrap over subjects that is paired. The method ``chance`` may
        be among them.
    method, other : str
    level : float
        Of each test.
    scores : DataFrame, optional
        Scores of folds, which tell how many subjects were tested. Of accuracies in per cent the interval and p are then
        never surer than with one subject more on either side (Bonett and Price 2012), as in `paired_difference`.

    Returns
    -------
    DataFrame
        ``task, metric, method, other, difference, low, high`` (the interval), ``margin``, ``p`` (the larger one of the
        two tests, at least 1 / (draws + 1)) and ``verdict``: `GUESSES`, `ALIKE`, `DIFFERENT` where the interval lies
        beyond the margin, else `UNDECIDED`. Scores that hardly any draw defines have no row.

    Raises
    ------
    ValueError
        One of the two has no draws.
    """
    for name in (method, other):
        if name not in set(draws["method"]):
            raise ValueError(f"there are no bootstrap draws of {name!r}")
    rows = []
    for (task, metric), own in draws.groupby(["task", "metric"], sort=False):
        wide = own.pivot(index="draw", columns="method", values="value")
        if not {method, other} <= set(wide):
            continue
        apart = (wide[method] - wide[other]).dropna()
        drawn, reach = apart[apart.index > SAMPLE].to_numpy(float), margin(metric)
        if SAMPLE not in apart.index or len(drawn) < FEWEST_DRAWS:
            continue
        low, high = np.quantile(drawn, [level, 1 - level])
        beyond = [(np.sum(drawn <= -reach) + 1) / (len(drawn) + 1), (np.sum(drawn >= reach) + 1) / (len(drawn) + 1)]
        if metric in PERCENT and (subjects := subjects_tested(scores, task, metric)):
            error = drawn.std(ddof=1) / 100
            least = two_more(float(apart[SAMPLE]) / 100, error, subjects, level)
            low, high = min(low, 100 * least[0]), max(high, 100 * least[1])
            centre, spread = 50 * (least[0] + least[1]), 50 * (least[1] - least[0]) / stats.norm.isf(level)
            beyond += [stats.norm.cdf((-reach - centre) / spread), stats.norm.sf((reach - centre) / spread)]
        verdict = _verdict(low, high, reach) if _above_chance(wide, [method, other], level) else GUESSES
        rows.append({"task": task, "metric": metric, "method": method, "other": other,
                     "difference": float(apart[SAMPLE]), "low": float(low), "high": float(high), "margin": reach,
                     "p": float(max(beyond)), "verdict": verdict})  # fmt: skip
    return pd.DataFrame(rows)


def _above_chance(wide: pd.DataFrame, methods: list[str], level: float) -> bool:
    """Whether one of the methods is; also where nobody says what chance is."""
    if "chance" not in wide:
        return True
    drawn = wide[wide.index > SAMPLE]
    return any((drawn[method] - drawn["chance"]).quantile(level) > 0 for method in methods)


def _verdict(low: float, high: float, reach: float) -> str:
    if -reach < low and high < reach:
        return ALIKE
    return DIFFERENT if low > reach or high < -reach else UNDECIDED
