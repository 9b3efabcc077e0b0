"""Label columns that are numbers in every cohort: what else stands in their cells is missing, and is said to be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.cohort.copdgene_columns import CLINICAL, MORTALITY, VISUAL
from drasclr_core.cohort.subjects import named

NUMBERS = (*dict.fromkeys(one.ours for one in (*CLINICAL, *VISUAL, *MORTALITY) if not one.codes), "mosmed_grade")
"""Columns of a subject table that notebooks take for numbers; others may hold whatever their owner likes."""


def with_numbers(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Returns a subject `table` whose columns `NUMBERS` are finite numbers or missing, and notes on what was not.

    Clinics write "NT" or "-" for a test that nobody took. One such cell would make text of its column.
    """
    notes, found = [], {}
    for name in [name for name in NUMBERS if name in table]:
        cells = table[name]
        numbers = pd.to_numeric(cells, errors="coerce")
        found[name] = numbers.where(np.isfinite(numbers.astype(float)))
        if len(lost := cells[cells.notna() & found[name].isna()].astype(str).str.strip()):
            told = f"{len(lost)} of {len(cells)} values are no numbers, taken for missing ({named(sorted(set(lost)))})"
            notes.append(f"Column {name}: {told}.")
    return table.assign(**found), notes
