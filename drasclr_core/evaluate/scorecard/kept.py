"""What was judged when a run was made, for comparisons whose bootstrap draws have not travelled with its results."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

KEPT = "scorecard_comparisons"
"""The file of comparisons that notebook 41 writes, and that travels."""


def kept_comparison(table: pd.DataFrame | None, row: Mapping, lacks: str, folds: Mapping, empty: Mapping) -> dict:
    """Returns what an earlier scorecard says of a comparison, if the scores that it rests on are still those.

    Draws are of megabytes and stay where a run was made; scores of folds and the comparisons travel. They belong
    together where the test over as many folds gives the same p, among several methods the largest of the same pairs.

    Parameters
    ----------
    table : DataFrame or None
        The earlier comparisons, as they were written; None where there are none.
    row : mapping
        The comparison: its ``id``, ``task`` and ``metric``, ``methods`` and ``others``.
    lacks : str
        Which of its methods have no scores now, as the earlier scorecard tells it.
    folds : mapping
        ``p_folds`` and ``folds`` of the scores that are there now, from `pairs.over_folds`.
    empty : mapping
        What is returned, by name, and its value where there is nothing to say.

    Returns
    -------
    dict
        Empty where nothing was judged, or other scores were.
    """
    if table is None or not {*empty, "methods", "others"} - {"kept"} <= set(table):
        return {}
    same = table[table["id"].eq(row["id"]) & table["task"].eq(row["task"]) & table["metric"].eq(row["metric"])]
    if len(same) != 1 or pd.isna(same["estimate"].iloc[0]):
        return {}
    found = same.iloc[0]
    sides = {name: ";".join(row[name]) for name in ("methods", "others")} | {"lacks": lacks}
    if any(("" if pd.isna(found[name]) else found[name]) != said for name, said in sides.items()):
        return {}
    # Without a test over folds nothing tells whether they are the same.
    if found["folds"] != folds["folds"] or not np.isclose(found["p_folds"], folds["p_folds"], rtol=1e-6):
        return {}
    told = {name: found[name] for name in empty if name != "kept"}
    told |= {name: "" for name, value in empty.items() if isinstance(value, str) and pd.isna(told.get(name))}
    told |= {name: int(told[name]) for name, value in empty.items() if type(value) is int}
    return told | {"kept": True, "room": bool(found["room"])}
