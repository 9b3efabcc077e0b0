"""How many subjects would decide what a run leaves open."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from drasclr_core.evaluate.scorecard.verdicts import FOLDS, NEGLIGIBLE, UNDECIDED, margin


def needed(board: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Returns the number of subjects that would decide each undecided claim.

    Intervals shorten with the square root of the number of subjects; so the number is that of this run, times the
    square of how much shorter the interval has to be. It is extrapolated from one run.

    - ``better``, ``correlated``, ``apart``: once the interval is no longer than the paper's difference (of a
      correlation: 0.1), it cannot hold both "no advantage" and this difference. In claims about all of several this
      is the wide interval.
    - ``better`` where the interval leaves out 0 and the test over folds is not sure: once its t, which grows with the
      square root too, is large enough.
    - ``better`` where the paper's own numbers are against its claim (no difference, or one below 0): once an interval
      round a difference below 0 leaves 0 out.
    - ``alike``: once the interval fits into the margin if the difference is the paper's.

    A claim about all comparisons needs the largest number of those that are undecided, that is, mostly, that of its
    smallest difference; a claim about most of them the number with which more than half would be decided.

    Parameters
    ----------
    board, found : DataFrame
        From `scorecard`.

    Returns
    -------
    DataFrame
        A row per undecided claim: ``id, short``; ``paper``, the difference, and ``length``, the interval (in the units
        of `evidence`), ``task, metric`` and ``subjects`` of the comparison that asks for most; ``times`` as many
        subjects; ``subjects_needed``. NaN where no number of subjects decides it: methods or tasks are missing, the
        paper's own numbers leave no difference, or the interval is not over subjects.
    """
    rows = []
    for claim in board[board["verdict"] == UNDECIDED].to_dict("records"):
        own = [row | {"times": _times(row)} for row in found[found["id"] == claim["id"]].to_dict("records")]
        own.sort(key=lambda row: row["times"])
        last = own[-1] if claim["scope"] == "all" else own[len(own) // 2]
        row = {name: last[name] for name in ("task", "metric", "paper", "subjects", "times")}
        row |= {"id": claim["id"], "short": claim["short"], "length": np.subtract(*_ends(last)[::-1])}
        if not np.isfinite(row["times"]):
            row["times"] = float("nan")
        known = np.isfinite(row["times"]) and row["subjects"] > 0
        rows.append(row | {"subjects_needed": np.ceil(row["times"] * row["subjects"]) if known else float("nan")})
    columns = ["id", "short", "task", "metric", "paper", "length", "subjects", "times", "subjects_needed"]
    return pd.DataFrame(rows, columns=columns)


def _times(row: dict) -> float:
    """Times as many subjects; 1 where the comparison is decided, infinite where no number decides it."""
    if row["verdict"] != UNDECIDED:
        return float("inf") if row["missing"] else 1.0
    low, high = _ends(row)
    if row["lacks"] or not row["room"] or not np.isfinite(high - low):
        return float("inf")
    if row["rule"] == "better" and row["low"] > 0:
        return _times_over_folds(row["p_folds"], row["folds"])
    if row["rule"] == "alike":
        short, length = margin(row["metric"]) - abs(row["paper"]), (high - low) / 2
    elif row["rule"] == "better" and row["paper"] <= 0:
        short, length = -row["estimate"], high - row["estimate"]
    elif row["rule"] in ("better", "correlated", "apart"):
        short, length = row["paper"] if row["rule"] == "better" else NEGLIGIBLE, high - low
    else:
        return float("inf")
    return max(1.0, (length / short) ** 2) if short > 0 else float("inf")


def _times_over_folds(p: float, folds: int) -> float:
    now, enough = (stats.t.isf(level, folds - 1) if folds > 1 else np.nan for level in (p, FOLDS))
    return max(1.0, (enough / now) ** 2) if now > 0 else float("inf")


def _ends(row: dict) -> tuple[float, float]:
    wide = "wide_" if row["scope"] == "all" else ""
    return row[f"{wide}low"], row[f"{wide}high"]
