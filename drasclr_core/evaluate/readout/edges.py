"""Whether the grid of penalties was wide enough: which rows chose one on its edge, and whether that matters."""

from __future__ import annotations

import pandas as pd

TOLERANCE = 1e-3
"""An edge does not matter where the last decade of penalties changes the inner loss by less than this part of it."""


def penalty_edges(scores: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows of a table in which a fold chose a penalty on an edge of its grid.

    One number that follows a label closely needs no penalty, so the weakest of any grid may be the best; and what has
    nothing to tell needs the strongest. Either is harmless where the loss is flat there: a wider grid would give the
    same readout.

    Parameters
    ----------
    scores : DataFrame
        `Readout.scores`.

    Returns
    -------
    DataFrame
        ``method, task, edge`` (``weakest`` or ``strongest``), ``on_edge`` and ``folds`` (numbers of folds, of all
        repeats), ``change`` (the largest `edge_change`), ``matters`` (whether that is `TOLERANCE` or more).
    """
    folds = scores.drop_duplicates(["method", "task", "repeat", "fold"])
    whole = folds.groupby(["method", "task"], sort=False).size().rename("folds")
    edges = folds[folds["alpha_edge"].fillna("") != ""].rename(columns={"alpha_edge": "edge"})
    found = edges.groupby(["method", "task", "edge"], sort=False)["edge_change"].agg(on_edge="size", change="max")
    found = found.reset_index().merge(whole.reset_index(), on=["method", "task"])
    found["matters"] = found["change"] >= TOLERANCE
    return found[["method", "task", "edge", "on_edge", "folds", "change", "matters"]]
