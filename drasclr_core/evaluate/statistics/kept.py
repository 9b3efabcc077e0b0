"""Intervals of an earlier comparison, for tables whose bootstrap draws have not travelled with their results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

PAIR = ["method", "against", "task", "metric"]
FROM_DRAWS = ["estimate", "low", "high", "interval", "p_bootstrap", "p_bootstrap_holm"]


def kept_intervals(table: pd.DataFrame, earlier: str | Path) -> pd.DataFrame:
    """Returns a comparison with what an earlier one had from draws, if both rest on the same scores of folds.

    Parameters
    ----------
    table : DataFrame
        From `compare_methods`, without draws.
    earlier : path
        The CSV file of the earlier comparison; `table` is returned as it is where there is no such file, where it is of
        other pairs, or where one difference over folds is another.
    """
    path = Path(earlier)
    if not path.exists():
        return table
    known = pd.read_csv(path)
    if not {*PAIR, *FROM_DRAWS, "difference"} <= set(known) or known.duplicated(PAIR).any():
        return table
    both = table[[*PAIR, "difference"]].merge(known, on=PAIR, how="left", suffixes=("", "_known"))
    if len(known) != len(table) or not np.allclose(both["difference"], both["difference_known"], atol=1e-9):
        return table
    return table.assign(**{name: both[name].to_numpy() for name in FROM_DRAWS})
