"""A table of what each method's features know of each measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from drasclr_core.cohort.subjects import read_subjects
from drasclr_core.evaluate.features import found_features, methods_with_features, without_small
from drasclr_core.evaluate.readout.cross_validation import Readout
from drasclr_core.evaluate.readout.readout import compare_readouts
from drasclr_core.evaluate.statistics.resampling import numbered, readout_draws, summarise_draws
from drasclr_core.evaluate.table import write_table
from drasclr_core.evaluate.tasks import Task
from drasclr_core.methods import row_of
from drasclr_core.run import Run

STEM = "body"
MEASURES = tuple(
    Task(name, column, log=False)
    for name, column in {
        "LAA-950": "LAA950_pct", "Gas trapping": "gas_trapping_pct", "Wall area": "wall_area_pct", "Pi10": "Pi10_mm",
        "Lung volume": "lung_volume_l", "BMI": "bmi", "Height": "height_cm", "Age": "age",
    }.items()
)  # fmt: skip
"""No phenotypes of the paper: what software measures of a scan, and the body that is scanned."""


@dataclass(frozen=True)
class BodyTable:
    """What `body_table` leaves behind.

    Attributes
    ----------
    table : DataFrame
        ``method, task, metric, mean, sd, low, high``: R2 of all held-out subjects together, its bootstrap standard
        error and 95 % interval.
    readout : Readout
    missing : dict of str to str
        Method without features, or measure that cannot be read out -> why.
    files : list of path
        What was written: ``body.csv`` and ``body_folds.csv``.
    """

    table: pd.DataFrame
    readout: Readout
    missing: dict[str, str]
    files: list[Path]


def body_table(run: Run, methods: Sequence[str] = (), measured: Sequence[str] = (), closely: str = "drasclr",
               folds: int = 5, n_bootstraps: int = 1000, seed: int = 0) -> BodyTable:  # fmt: skip
    """Reads `MEASURES` out of the features of each method, over the same folds, and writes the table.

    Parameters
    ----------
    run : Run
    methods : sequence of str
        As in `read_features`; empty: `measured` and every folder of features (see `methods_with_features`), without
        those that too few subjects have (see `without_small`).
    measured : sequence of str
    closely : str
        A method that must have features.
    folds, seed : int
        As in `compare_readouts`.
    n_bootstraps : int
        Draws of the tested subjects.

    Raises
    ------
    FileNotFoundError
        The method `closely` has no features.
    ValueError
        No measure can be read out: too few subjects have it.
    """
    subjects = read_subjects(run)
    features, missing = found_features(run, subjects, methods or methods_with_features(run, measured), closely)
    if not methods:
        features, few = without_small(features, subjects, closely)
        missing |= few
    made = compare_readouts(features, subjects, MEASURES, folds, 1, seed)
    table = summarise_draws(readout_draws(numbered(made.predictions), made.scores, n_bootstraps, seed)).round(4)
    return BodyTable(table, made, made.skipped | missing, write_table(run, STEM, table, folds=made.scores))


def score_beside(table: pd.DataFrame, scores: pd.DataFrame, task: str, measures: Sequence[str]) -> pd.DataFrame:
    """Returns the score of a `task` and R2 of `measures`, of the methods that have all; indexed by method.

    `table` is of `body_table`, `scores` has ``method, task, metric, mean`` (``results/table2.csv``). Of several metrics
    of the task the first is taken. Rows that see no image or know the truth are no methods. A measure that nobody was
    asked about has no column.
    """
    known = table.pivot(index="method", columns="task", values="mean").reindex(columns=measures)
    score = scores[scores["task"] == task].drop_duplicates("method").set_index("method")["mean"].rename(task)
    both = pd.concat([score, known.dropna(axis=1, how="all")], axis=1, join="inner").dropna()
    return both[[row_of(name).is_method for name in both.index]]
