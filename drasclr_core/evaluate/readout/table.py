"""A table of linear readouts (Table 2, Table 4, ablations): evaluated, set beside the paper's, and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from drasclr_core.cohort.subjects import read_subjects
from drasclr_core.evaluate.features import found_features, methods_with_features, sources, without_small
from drasclr_core.evaluate.readout.cross_validation import Readout, concat_readouts
from drasclr_core.evaluate.readout.permutation import permutation_scores
from drasclr_core.evaluate.readout.readout import compare_readouts
from drasclr_core.evaluate.scorecard.draws import draws_for
from drasclr_core.evaluate.scores import summarise
from drasclr_core.evaluate.statistics.resampling import numbered, readout_draws
from drasclr_core.evaluate.table import beside_paper, write_table
from drasclr_core.evaluate.tasks import Task
from drasclr_core.methods import in_order
from drasclr_core.run import Run


@dataclass(frozen=True)
class ReadoutTable:
    """What `readout_table` leaves behind.

    Attributes
    ----------
    table : DataFrame
        ``method, task, metric, mean, sd, folds, subjects, paper_mean, paper_sd``.
    readout : Readout
    draws : DataFrame
        Bootstrap scores (see `readout_draws`), as they are in the file.
    permutations : DataFrame
        Scores of the method `closely` on shuffled labels (see `permutation_scores`).
    tasks : list of Task
        Those that could be evaluated.
    subjects : DataFrame
        Those that were tested: with a label, and features of every method.
    missing : dict of str to str
        Method without features, or with those of too few subjects -> why.
    sources : dict of str to str
        Method that is a measurement -> where it comes from.
    files : list of path
        What was written.
    """

    table: pd.DataFrame
    readout: Readout
    draws: pd.DataFrame
    permutations: pd.DataFrame
    tasks: list[Task]
    subjects: pd.DataFrame
    missing: dict[str, str]
    sources: dict[str, str]
    files: list[Path]


def readout_table(
    run: Run,
    methods: Sequence[str],
    tasks: Sequence[Task],
    stem: str,
    *,
    closely: str = "drasclr",
    measured: Sequence[str] = (),
    required: Sequence[str] = (),
    supervised: Callable[[pd.DataFrame], Readout] | None = None,
    folds: int = 5,
    repeats: int = 1,
    n_permutations: int = 19,
    n_bootstraps: int = 0,
    seed: int = 0,
    workers: int = 1,
) -> ReadoutTable:
    """Evaluates methods on tasks over the same folds, and writes the table and its parts into the results of the run.

    The files are ``<stem>.csv`` (beside the paper's table of this name), ``_folds``, ``_bootstrap`` (draws, to four
    digits) and ``_shuffled``. `folds`, `repeats` and `seed` are as in `readout`, `workers` processes of the
    permutations.

    Parameters
    ----------
    run : Run
    methods : sequence of str
        See `read_features`. Those without features are left out. Empty: `measured` (`laa950`, `lung_density`), every
        method with a folder of features, and in a simulated cohort the ceiling of `laa950`; without those that too few
        subjects have (see `without_small`).
    tasks : sequence of Task
    stem : str
    closely : str
        The method that is tested on shuffled labels; it must have features.
    required : sequence of str
        Comparators that are rows whatever `methods` names, and must have features.
    supervised : callable, optional
        Cross-validates more methods over the same folds, given the rows of the subject table that were tested. Their
        rows follow that of chance.
    n_permutations, n_bootstraps : int
        How often labels are shuffled, and subjects drawn (0: see `draws_for`).

    Raises
    ------
    FileNotFoundError, ValueError
        The method `closely` or a required one has no features; no task can be evaluated.
    """
    subjects = read_subjects(run)
    named, methods = bool(methods), methods or methods_with_features(run, measured)
    if set(required) - set(methods):
        methods = in_order({*methods, *required})
    features, missing = found_features(run, subjects, methods, closely)
    if not named:
        features, few = without_small(features, subjects, closely, required)
        missing |= few
    if set(required) & set(missing):
        raise FileNotFoundError(" ".join(missing[method] for method in required if method in missing))
    readout = compare_readouts(features, subjects, tasks, folds, repeats, seed)
    tested = subjects[subjects["sid"].isin(readout.predictions["sid"])].reset_index(drop=True)
    if supervised:
        other = supervised(tested)
        readout = concat_readouts([readout, other], ["chance", *other.scores["method"].unique(), *features])
    evaluated = [task for task in tasks if task.name not in readout.skipped]
    table = beside_paper(summarise(readout.scores), stem)
    draws = readout_draws(numbered(readout.predictions), readout.scores, draws_for(stem, n_bootstraps), seed).round(4)
    own = features[closely]
    # The subjects of the table, with whose scores p compares.
    permutations = permutation_scores(own, tested, evaluated, closely, n_permutations, folds, seed, workers)
    parts = {"folds": readout.scores, "bootstrap": draws, "shuffled": permutations}
    files = write_table(run, stem, table, **parts)
    where = sources(run, subjects, features)
    return ReadoutTable(table, readout, draws, permutations, evaluated, tested, missing, where, files)
