"""The one interval of a difference of two methods, from bootstrap draws, and how many draws it takes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.evaluate.statistics.resampling import LEVEL, SAMPLE

PER_COMPARISON = 400
"""Draws for each comparison of a family: an interval at 100 - 5 / k % leaves ten of 400 k draws beyond either end."""
LEAST_DRAWS = 1000
PERCENTILE, NORMAL = "percentile", "normal"
"""How the ends of an interval are found."""


class Difference(NamedTuple):
    """What `paired_difference` returns.

    Attributes
    ----------
    estimate : float
        The difference in the sample itself.
    low, high : float
        Its interval.
    interval : str
        `PERCENTILE`, or `NORMAL` where there are too few draws.
    """

    estimate: float
    low: float
    high: float
    interval: str


def draws_needed(comparisons: int) -> int:
    """Returns how many bootstrap draws the intervals of a family of so many `comparisons` take (`PER_COMPARISON`).

    Never fewer than `LEAST_DRAWS`, so that another seed moves the ends of a single interval little.
    """
    return max(LEAST_DRAWS, PER_COMPARISON * comparisons)


def paired_difference(
    first: pd.Series, second: pd.Series, metric: str, subjects: int = 0, comparisons: int = 1
) -> Difference | None:
    """Returns the difference of two scores with its interval at 100 - 5 / k % (Bonferroni), k the `comparisons`.

    Every page takes its differences from here, so that one comparison has one estimate and one interval.

    Parameters
    ----------
    first, second : Series
        Scores by number of the draw; draws with one number are of the same subjects. A draw that is NaN on either side
        is left out.
    metric : str
        Accuracies in per cent get an interval that is never shorter than with one subject more on either side (Bonett
        and Price 2012): two methods that predict nearly everyone alike would look certain.
    subjects : int
        How many were tested; 0 where it is not known, and then the last rule is not applied.
    comparisons : int

    Returns
    -------
    Difference or None
        The middle of the draws (Efron 1979) where there are `PER_COMPARISON` for each comparison; else the sample plus
        and minus normal quantiles times the standard deviation of the draws, which needs no far tails. None without the
        sample itself, or with fewer than two draws.
    """
    difference = (first - second).dropna()
    resampled = difference[difference.index > SAMPLE].to_numpy(float)
    if SAMPLE not in difference.index or len(resampled) < 2:
        return None
    estimate, error = float(difference[SAMPLE]), float(resampled.std(ddof=1))
    tail = (1 - LEVEL) / 2 / comparisons
    if len(resampled) >= PER_COMPARISON * comparisons:
        (low, high), how = np.quantile(resampled, [tail, 1 - tail]), PERCENTILE
    else:
        reach, how = stats.norm.isf(tail) * error, NORMAL
        low, high = estimate - reach, estimate + reach
    if metric in PERCENT and subjects:
        least = two_more(estimate / 100, error / 100, subjects, tail)
        low, high = min(low, 100 * least[0]), max(high, 100 * least[1])
    return Difference(estimate, float(low), float(high), how)


def two_more(mean: float, error: float, subjects: int, tail: float) -> tuple[float, float]:
    """Returns the interval of a difference of shares with one subject more for each side (Bonett and Price 2012).

    `mean` is the difference as a fraction, `error` its bootstrap standard error, `subjects` how many were tested,
    `tail` the chance beyond each end.
    """
    moment = (subjects * (subjects * error**2 + mean**2) + 2) / (subjects + 2)
    centre = subjects * mean / (subjects + 2)
    reach = stats.norm.isf(tail) * np.sqrt(max(moment - centre**2, 0) / (subjects + 2))
    return float(centre - reach), float(centre + reach)


def subjects_tested(scores: pd.DataFrame | None, task: str, metric: str) -> int:
    """Returns how many subjects were tested once in each repeat, by the fold `scores` (`read_scores`).

    They are those of a `task` and a `metric`; 0 where no scores tell.
    """
    if scores is None:
        return 0
    here = scores[scores["task"].eq(task) & scores["metric"].eq(metric)]
    sizes = here.groupby(["method", "repeat"], sort=False)["n_test"].sum()
    return int(sizes.iloc[0]) if len(sizes) else 0
