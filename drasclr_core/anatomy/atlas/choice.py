"""Which subject of a cohort becomes the atlas."""

from __future__ import annotations

import pandas as pd


def choose_atlas(table: pd.DataFrame) -> str:
    """Returns the healthy subject (GOLD 0, where the column is there and someone has it) with the median lung volume.

    Parameters
    ----------
    table : DataFrame
        Columns ``sid``, ``volume_l`` (lung volume in litres) and, where known, ``GOLD``.

    Returns
    -------
    str
        Its sid; of an even number of subjects, the smaller of the two in the middle.
    """
    candidates = table.dropna(subset=["volume_l"])
    if candidates.empty:
        raise ValueError("No subject has lungs, so none can be the atlas: see the quality table of 02_lungs.")
    if "GOLD" in candidates and (candidates["GOLD"] == 0).any():
        candidates = candidates[candidates["GOLD"] == 0]
    ordered = candidates.sort_values(["volume_l", "sid"], ignore_index=True)
    return ordered["sid"][(len(ordered) - 1) // 2]
