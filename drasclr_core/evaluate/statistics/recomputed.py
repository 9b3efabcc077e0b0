"""The paper's significance tests, worked out again from the means and deviations that it prints."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.evaluate.statistics.significance import rounding_range, two_sample_t_from_summary

FOLDS = 5


def recompute(table: pd.DataFrame, method: str = "Ours", folds: int = FOLDS) -> pd.DataFrame:
    """Repeats the one-sided two-sample t-tests of one row of a table of the paper against every other row.

    The p values that the authors printed (Tables A.5 to A.7) are in a supplement that is not part of the paper's text.
    What its main tables print is enough for the same test, up to rounding. The `table` is from `paper.table`, `method`
    the paper's name of the row; behind each mean are `folds` scores (the paper says five-fold cross-validation).

    Returns
    -------
    DataFrame
        ``table, method, against, task, metric, difference, p, p_low, p_high``: p from the printed numbers, and the
        smallest and largest that rounding leaves open. Rows without a mean or deviation are left out.

    Raises
    ------
    ValueError
        The table has no such row.
    """
    if method not in set(table["method"]):
        raise ValueError(f"the table has no row {method!r}: {', '.join(dict.fromkeys(table['method']))}")
    keys = ["group", "task", "metric"] if table["group"].nunique() == 1 else ["task", "metric"]
    ours = table[table["method"] == method].set_index(keys)
    rows = []
    for row in table[table["method"] != method].itertuples():
        mine = ours.loc[tuple(getattr(row, key) for key in keys)]
        numbers = (mine["mean"], mine["sd"], row.mean, row.sd)
        if not np.isfinite(numbers).all():
            continue
        # The paper prints per cents with one digit, fractions with two.
        low, high = rounding_range(*numbers, unit=0.1 if row.metric in PERCENT else 0.01, folds=folds)
        p = two_sample_t_from_summary(*numbers, folds=folds)
        what = (row.table, method, row.method, row.task, row.metric)
        rows.append((*what, mine["mean"] - row.mean, p, low, high))
    columns = ["table", "method", "against", "task", "metric", "difference", "p", "p_low", "p_high"]
    return pd.DataFrame(rows, columns=columns)


def borne_out(claim: pd.Series, recomputed: pd.DataFrame) -> dict[str, int]:
    """Counts how many comparisons of a `claim` (a row of `paper.significance_claims`) the printed numbers bear out.

    Returns
    -------
    dict
        ``comparisons`` of the claim in `recomputed` (from `recompute`, of its table and row); ``borne_out``: p below
        the level where the claim says better, not below it where it says alike; ``rounding``: comparisons whose verdict
        rounding could turn.
    """
    chosen = covered(claim, recomputed)
    rounding = (chosen["p_low"] < claim["level"]) & (chosen["p_high"] >= claim["level"])
    return {"comparisons": len(chosen), "borne_out": int(chosen["borne_out"].sum()), "rounding": int(rounding.sum())}


def covered(claim: pd.Series, recomputed: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows of `recomputed` that a `claim` is about, with ``says`` and, true or false, ``borne_out``."""
    chosen = recomputed
    for column in ("against", "task"):
        if claim[column]:
            chosen = chosen[chosen[column].isin(claim[column].split(";"))]
    below = chosen["p"] < claim["level"]
    return chosen.assign(says=claim["says"], borne_out=below if claim["says"] == "better" else ~below)
