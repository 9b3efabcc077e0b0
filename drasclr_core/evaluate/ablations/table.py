"""A table of variants of one method (Tables 6, 8 and 9): read out, pooled over seeds, beside the paper's, written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from drasclr_core.cohort.subjects import read_subjects
from drasclr_core.evaluate.ablations.seeds import pool_draws, pool_scores, seed_scores, trainings_of
from drasclr_core.evaluate.features import found_features
from drasclr_core.evaluate.readout.readout import compare_readouts
from drasclr_core.evaluate.scorecard.draws import draws_for
from drasclr_core.evaluate.scores import KEYS, summarise
from drasclr_core.evaluate.statistics.comparison import compare_methods
from drasclr_core.evaluate.statistics.resampling import numbered, readout_draws
from drasclr_core.evaluate.table import beside_paper, write_table
from drasclr_core.evaluate.tasks import Task
from drasclr_core.represent.trainings import training_length
from drasclr_core.run import Run


class AblationTable(NamedTuple):
    """What `ablation_table` leaves behind.

    Attributes
    ----------
    table : DataFrame
        As `ReadoutTable.table`, a row for each variant, with ``seeds``, how many trainings it has, and ``seed_sd``, the
        standard deviation over them of the score of all held-out subjects together.
    differences : DataFrame
        From `compare_methods`: the reference minus each other variant.
    draws : DataFrame
        From `pool_draws`.
    scores : DataFrame
        Of folds, from `pool_scores`.
    seeds : DataFrame
        From `seed_scores`.
    subjects : int
        That were tested.
    lengths : dict of str to str
        Training -> its steps or epochs in words, of those whose encoders are at hand.
    missing : dict of str to str
        Variant -> why it has no row.
    files : list of Path
        The table, fold scores and scores of seeds, as written.
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    draws: pd.DataFrame
    scores: pd.DataFrame
    seeds: pd.DataFrame
    subjects: int
    lengths: dict[str, str]
    missing: dict[str, str]
    files: list[Path]


def ablation_table(run: Run, variants: Sequence[str], tasks: Sequence[Task], stem: str, reference: str, *,
                   folds: int = 5, n_bootstraps: int = 0, seed: int = 0, extra: pd.DataFrame | None = None
                   ) -> AblationTable:  # fmt: skip
    """Evaluates variants over the same folds as Table 2, and writes the table and its parts into the results.

    The files are ``<stem>.csv``, ``_folds``, ``_bootstrap`` and ``_seeds``. All but the last name variants, not single
    trainings, so that the pages on significance and claims read them as they read Table 2.

    Parameters
    ----------
    run : Run
    variants : sequence of str
        Names of trainings; others with the same name and ``_seed<number>`` are put to them.
    tasks : sequence of Task
    stem : str
        The paper's table of this name stands beside ours.
    reference : str
        The variant that is compared with all others; it must have features.
    folds, seed
        As in `compare_readouts`.
    n_bootstraps : int
        0: see `draws_for`.
    extra : DataFrame, optional
        ``sid`` and more columns for the subject table, which tasks may ask for.

    Raises
    ------
    FileNotFoundError
        The reference has no features.
    ValueError
        No task can be evaluated.
    """
    subjects = read_subjects(run)
    if extra is not None:
        subjects = subjects.merge(extra, on="sid", how="left", validate="one_to_one")
    trainings = trainings_of(run, variants)
    names = [name for variant in variants for name in trainings.get(variant, [variant])]
    features, missing = found_features(run, subjects, names, reference)
    readout = compare_readouts(features, subjects, tasks, folds, 1, seed)
    draws = readout_draws(numbered(readout.predictions), readout.scores, draws_for(stem, n_bootstraps), seed)
    scores, seeds = pool_scores(readout.scores), seed_scores(draws)
    pooled = pool_draws(draws, seed).round(4)
    spread = seeds.groupby(KEYS, sort=False)["value"].agg(seeds="size", seed_sd="std").reset_index()
    table = beside_paper(summarise(scores), stem).merge(spread, on=KEYS, how="left", validate="one_to_one")
    files = write_table(run, stem, table, folds=scores, seeds=seeds.round(4), bootstrap=pooled)
    others = [name for name in dict.fromkeys(scores["method"]) if name not in (reference, "chance")]
    none = pd.DataFrame(columns=[*KEYS, "against"])
    differences = compare_methods(scores, reference, others, pooled) if others else none
    tested = readout.predictions["sid"].nunique()
    lengths = {name: length for name in features if (length := training_length(run, name))}
    return AblationTable(table, differences, pooled, scores, seeds, tested, lengths, missing, files[:-1])
