"""Several methods against several others: the difference, and the test over folds, of the pair least in favour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from drasclr_core.evaluate.scorecard.verdicts import margin
from drasclr_core.evaluate.statistics.comparison import fold_test
from drasclr_core.evaluate.statistics.intervals import NORMAL, PERCENTILE, paired_difference
from drasclr_core.evaluate.statistics.resampling import SAMPLE


def worst_pair(
    firsts: Sequence[pd.Series], seconds: Sequence[pd.Series], metric: str, subjects: int = 0, comparisons: int = 1
) -> dict:
    """Returns the difference of the lowest of the first and the highest of the second, and its intervals.

    Who is better than each is better in every pair, so the lower end is the lowest of all pairs, as it is (an
    intersection-union test, Berger, Technometrics 24, 1982). One pair that is not better refutes it, but among many one
    looks so by chance: the upper end is the lowest of all pairs, each widened for the number of pairs (Bonferroni). The
    best of the others is not drawn anew: who is the best of several in a sample is so by luck in part, and a bootstrap
    of the highest would count that luck twice.

    Parameters
    ----------
    firsts, seconds : sequence of Series
        Scores by number of the draw (see `paired_difference`), at least one on either side, with the sample and two
        draws or more.
    metric : str
    subjects : int
    comparisons : int
        Of the claim; the wide interval is widened for their number too.

    Returns
    -------
    dict
        ``estimate, low, high, wide_low, wide_high, interval, wide_interval, level``, the last the score of the best of
        the others.
    """
    many = len(firsts) * len(seconds)
    found = {count: [paired_difference(one, two, metric, subjects, count) for one in firsts for two in seconds]
             for count in {1, many, comparisons, comparisons * many}}  # fmt: skip
    level = max(float(two[SAMPLE]) for two in seconds)
    ends = {"estimate": min(float(one[SAMPLE]) for one in firsts) - level, "level": level}
    for name, least, most in (("", 1, many), ("wide_", comparisons, comparisons * many)):
        ends[f"{name}low"] = min(pair.low for pair in found[least])
        ends[f"{name}high"] = min(pair.high for pair in found[most])
        kinds = {pair.interval for pair in (*found[least], *found[most])}
        ends[f"{name}interval"] = PERCENTILE if kinds == {PERCENTILE} else NORMAL
    return ends


def over_folds(scores: pd.DataFrame | None, row: Mapping, methods: Sequence[str], others: Sequence[str]) -> dict:
    """Returns the largest p of the test over folds among all pairs, NaN where one has none, and the number of folds.

    Parameters
    ----------
    scores : DataFrame or None
        Of folds (see `read_scores`); without them nothing is returned.
    row : mapping
        The comparison, from `comparisons`.
    methods, others : sequence of str
        Those that have scores.

    Returns
    -------
    dict
        ``p_folds, folds``.
    """
    if scores is None:
        return {}
    here = scores[scores["task"].eq(row["task"]) & scores["metric"].eq(row["metric"])]
    of = {name: here[here["method"] == name].set_index(["repeat", "fold"]) for name in (*methods, *others)}
    pairs = [(of[one], of[two]) for one in methods for two in others]
    if row["rule"] == "alike":
        reach = margin(row["metric"])
        p = [fold_test(*sides, reach) for one, two in pairs for sides in ((one, two), (two, one))]
    else:
        p = [fold_test(one, two) for one, two in pairs]
    return {"p_folds": float(np.max(p)), "folds": len(here[["repeat", "fold"]].drop_duplicates())}
