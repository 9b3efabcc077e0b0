"""Which of several comparisons are clear, and on which side, when all of them answer one question."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from drasclr_core.evaluate.statistics.significance import holm

LEVEL = 0.025
"""Of each side."""


class Sides(NamedTuple):
    """The comparisons that are clear: rows of the table that `clear_sides` was given."""

    better: pd.DataFrame
    worse: pd.DataFrame


def clear_sides(rows: pd.DataFrame) -> Sides:
    """Returns which comparisons of one question are clearly better, and which clearly worse.

    *Clearly* asks for a 95 % interval that leaves out 0 and for a bootstrap p below `LEVEL` after Holm's correction for
    the rows of each side, so that equal methods are told apart in at most 5 % of the questions, as far as the intervals
    cover what they say.

    Parameters
    ----------
    rows : DataFrame
        From `compare_methods`: ``low, high, p_bootstrap``. Rows without an interval are not clear.
    """
    better = (rows["low"] > 0) & (holm(rows["p_bootstrap"]) < LEVEL)
    worse = (rows["high"] < 0) & (holm(1 - rows["p_bootstrap"]) < LEVEL)
    return Sides(rows[better], rows[worse])
