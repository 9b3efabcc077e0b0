"""What was judged when a run was made, for comparisons whose bootstrap draws have not travelled with its results."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

KEPT = "scorecard_comparisons"
"""The file of comparisons that notebook 41 writes, and that travels."""


def kept_comparison(table: pd.DataFrame | None, row: Mapping, p_folds: float, empty: Mapping) -> dict:
    """Returns what an earlier scorecard says of a comparison, if the scores that it rests on are still those.

    Draws are of megabytes and stay where a run was made; scores of folds and the comparisons travel. They belong
    together where the test over folds gives the same p.

    Parameters
    ----------
    table : DataFrame or None
        The earlier comparisons, as they were written; None where there are none.
    row : mapping
        The comparison: its ``id``, ``task`` and ``metric``.
    p_folds : float
        Of the scores of folds that are there now.
    empty : mapping
        What is returned, by name, and its value where there is nothing to say.

    Returns
    -------
    dict
        Empty where nothing was judged, or other scores were.
    """
    if table is None or not set(empty) - {"kept"} <= set(table):
        return {}
    same = table[table["id"].eq(row["id"]) & table["task"].eq(row["task"]) & table["metric"].eq(row["metric"])]
    if len(same) != 1 or pd.isna(same["estimate"].iloc[0]):
        return {}
    found = same.iloc[0]
    if not np.isclose(found["p_folds"], p_folds, rtol=1e-6):  # without a test over folds nothing tells whether they are
        return {}
    told = {name: found[name] for name in empty if name != "kept"}
    told |= {name: "" for name, value in empty.items() if isinstance(value, str) and pd.isna(told.get(name))}
    told |= {name: int(told[name]) for name, value in empty.items() if type(value) is int}
    return told | {"kept": True, "room": bool(found["room"])}
