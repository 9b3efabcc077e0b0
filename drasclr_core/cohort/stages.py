"""Whom to show and whom to count, by COPD stage."""

from __future__ import annotations

import numpy as np
import pandas as pd

PRISM = -1
"""In the column GOLD: preserved ratio, impaired spirometry. It is no step between GOLD 0 and 1."""
STAGES = (0, 1, 2, 3, 4)


def stage_name(stage: int) -> str:
    """Returns ``GOLD 2``, or ``PRISm``."""
    return "PRISm" if stage == PRISM else f"GOLD {stage:.0f}"


def typical_per_stage(subjects: pd.DataFrame, stages: tuple[int, ...] = STAGES, count: int = 1) -> pd.DataFrame:
    """Returns the rows of the `count` subjects of each stage that lie nearest to its median of LAA-950, nearest first.

    Without the column ``LAA950_pct`` the first of each stage are taken; a stage without subjects is left out. Raises
    ValueError where the table has no column GOLD.
    """
    _need_gold(subjects)
    chosen = []
    for stage in stages:
        group = subjects[subjects["GOLD"] == stage]
        laa = group.get("LAA950_pct", pd.Series(0, group.index))
        distance = (laa - laa.median()).abs()
        chosen.append(group.loc[distance.sort_values(kind="stable").index[:count]])
    return pd.concat(chosen, ignore_index=True) if chosen else subjects.iloc[:0]


def stratified_sample(subjects: pd.DataFrame, count: int, seed: int = 0) -> pd.DataFrame:
    """Draws `count` subjects in which each stage has its share of the cohort (to within one subject).

    A count of 0, or of more than there are, takes all. Subjects without a stage are left out. Rows come in the order of
    the cohort. Raises ValueError where the table has no column GOLD.
    """
    _need_gold(subjects)
    known = subjects[subjects["GOLD"].notna()]
    if not 0 < count < len(known):
        return known
    # In random order within each stage, the subjects are taken at equal distances along the sorted table.
    ordered = known.sample(frac=1, random_state=seed).sort_values("GOLD", kind="stable")
    rows = ((np.arange(count) + 0.5) * len(known) / count).astype(int)
    return ordered.iloc[rows].sort_index()


def _need_gold(subjects: pd.DataFrame) -> None:
    if "GOLD" not in subjects:
        raise ValueError("the subject table has no column GOLD: add the stages (-1 PRISm, 0 to 4) to the manifest")
