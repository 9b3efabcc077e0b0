"""Each target's floor and ceiling, from the tables of a run, so that every page has the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.evaluate.measured import LAA950, LUNG_DENSITY, TRUTH
from drasclr_core.evaluate.result_files import read_result
from drasclr_core.evaluate.survival.covariates import REFERENCE

FLOORS = {"table2": "chance", "table3": REFERENCE, "table4": "chance"}
"""Table -> its row that has seen no image."""
ROLES = ("floor", LAA950, LUNG_DENSITY, "untrained", "closely", "ceiling")
"""What a target is shown with: floor, two numbers measured on the scan, an untrained encoder, a method, ceiling."""
LEAST_WAY = {"R2": 0.02, "kappa": 0.02, "accuracy": 2.0, "1-off": 2.0}
"""Where the ceiling lies less than this above the floor, a share of the way between them says nothing."""
LEAST_WAY_OTHERWISE = 0.02
_COLUMNS = ("method", "task", "metric", "mean", "sd", "subjects")


def reach(results: str | Path, closely: str = "drasclr") -> pd.DataFrame:
    """Returns the scores of `ROLES` on every target of Tables 2, 3 and 4 of a run.

    The floor knows labels and no image: the most frequent grade or the mean, for survival the confounders. The ceiling
    is the same readout of the true disease of simulated subjects (see `represent.hand_made.ceiling_features`), and may
    be passed by luck: it is an estimate too.

    Parameters
    ----------
    results : path
        The results of a run: ``table2.csv`` …; those that are not there are left out.
    closely : str
        The method in the role ``closely``.

    Returns
    -------
    DataFrame
        ``table, task, metric, role, method, mean, sd, subjects, way``, a row for each role that the table has. `way` is
        the share of the way from floor to ceiling, 0 to 1 (below and above by luck); NaN where there is no ceiling, or
        it lies less than `LEAST_WAY` above the floor.

    Raises
    ------
    ValueError
        A table is not as `write_table` writes it.
    """
    parts = []
    for stem, floor in FLOORS.items():
        path = Path(results) / f"{stem}.csv"
        if not path.exists():
            continue
        table = read_result(path, _COLUMNS).dropna(subset="mean")  # too few deaths leave a table without numbers
        methods = dict(zip(ROLES, (floor, LAA950, LUNG_DENSITY, "untrained", closely, TRUTH), strict=True))
        for (task, metric), cell in table.groupby(["task", "metric"], sort=False):
            rows = cell.set_index("method")
            low, high = (rows["mean"].get(methods[role], np.nan) for role in ("floor", "ceiling"))
            way = high - low if high - low >= LEAST_WAY.get(metric, LEAST_WAY_OTHERWISE) else np.nan
            for role, method in methods.items():
                if method in rows.index:
                    row = rows.loc[method]
                    numbers = {name: row[name] for name in ("mean", "sd", "subjects")}
                    where = {"table": stem, "task": task, "metric": metric, "role": role, "method": method}
                    parts.append({**where, **numbers, "way": (row["mean"] - low) / way})
    return pd.DataFrame(parts, columns=["table", "task", "metric", "role", "method", "mean", "sd", "subjects", "way"])
