"""What the weights that travel, at half precision, change in the readouts of the run that they come from.

``python benchmarks/half_precision.py --run shown --made runs/again/copd/features/drasclr/image.parquet``: the features
that notebook 07 makes with the encoder as it is shipped, beside those of the run's results, which the encoder gave
before it was rounded. Same subjects, same folds, same readouts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from common import DATA, write_table

from drasclr_core.cohort import read_subjects
from drasclr_core.evaluate.readout.readout import readout
from drasclr_core.evaluate.tasks import PHENOTYPES, Task
from drasclr_core.run import Run


def compare(full: pd.DataFrame, half: pd.DataFrame, subjects: pd.DataFrame, tasks: tuple[Task, ...],
            folds: int = 5) -> list[dict]:  # fmt: skip
    """Returns a row for each score of each task: with features [N, 1 + C] of full and of half precision.

    Both tables have ``sid`` and the same columns; subjects of one alone are left out.

    Raises
    ------
    ValueError
        The tables have other columns, or no subject in common.
    """
    if list(full) != list(half):
        raise ValueError("the two tables of features have other columns: they are not of one encoder")
    shared = full.merge(half[["sid"]], on="sid")["sid"]
    if not len(shared):
        raise ValueError("the two tables of features share no subject")
    both = [table.set_index("sid").loc[shared].reset_index() for table in (full, half)]
    rows = []
    for task in tasks:
        means = [readout(table, subjects, task, "drasclr", folds).scores.groupby("metric", sort=False)["value"].mean()
                 for table in both]  # fmt: skip
        for metric in means[0].index:
            a, b = (float(mean[metric]) for mean in means)
            rows.append({"task": task.name, "score": metric, "full precision": round(a, 4), "half": round(b, 4),
                         "change": float(f"{b - a:.2g}")})  # fmt: skip
    return rows


def apart(full: pd.DataFrame, half: pd.DataFrame) -> float:
    """Returns the largest change of a feature, as a share of its standard deviation over subjects."""
    a, b = (table.set_index("sid").sort_index() for table in (full, half))
    shared = a.index.intersection(b.index)
    change = np.abs(a.loc[shared].to_numpy() - b.loc[shared].to_numpy()).max(axis=0)
    return float((change / a.loc[shared].std().to_numpy()).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", required=True, help="whose results are of full precision")
    parser.add_argument("--cohort", default="copd")
    parser.add_argument("--method", default="drasclr")
    parser.add_argument("--made", type=Path, required=True, help="image.parquet by the encoder as it is shipped")
    parser.add_argument("--out", type=Path, default=DATA)
    given = parser.parse_args()
    run = Run(given.run, given.cohort)
    full, half = (pd.read_parquet(path) for path in (run.features(given.method) / "image.parquet", given.made))
    rows = compare(full, half, read_subjects(run), PHENOTYPES)
    write_table(rows, "half_precision", given.out, run=run.name, apart=float(f"{apart(full, half):.2g}"))


if __name__ == "__main__":
    main()
