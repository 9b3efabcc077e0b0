"""The table of survival models (Table 3): evaluated, set beside the paper's, and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from drasclr_core.cohort.subjects import read_subjects
from drasclr_core.evaluate.features import FoldFeatures, found_features, methods_with_features, sources
from drasclr_core.evaluate.measured import is_simulated
from drasclr_core.evaluate.readout.cross_validation import Readout
from drasclr_core.evaluate.scorecard.draws import draws_for
from drasclr_core.evaluate.statistics.resampling import numbered, summarise_draws
from drasclr_core.evaluate.survival.concordance import QUANTILES
from drasclr_core.evaluate.survival.covariates import (
    FOLLOW_UP,
    MEASURED,
    SurvivalData,
    survival_data,
    survival_obstacle,
    survival_rows,
)
from drasclr_core.evaluate.survival.cross_validation import TASK, compare_survival, survival_draws
from drasclr_core.evaluate.table import beside_paper, write_table
from drasclr_core.methods import in_order
from drasclr_core.run import Run

CONCORDANCES = tuple(f"concordance at {name}" for name in QUANTILES)


@dataclass(frozen=True)
class SurvivalTable:
    """What `survival_table` leaves behind.

    Attributes
    ----------
    table : DataFrame
        ``method, task, metric, mean, sd, low, high, folds, runs, subjects, deaths, paper_mean, paper_sd``; `mean` to
        `high` are NaN where there is no model.
    data : SurvivalData
    readout : Readout or None
        None where `obstacle` is not empty.
    obstacle : str
        Why the outcomes cannot be cross-validated; empty where they can.
    sources : dict of str to str
        Method that is a measurement -> where it comes from.
    files : list of path
        What was written: the table, then scores of folds and bootstrap draws where there are any.
    draws : DataFrame or None
        Bootstrap scores, for paired differences; None where `obstacle` is not empty.
    """

    table: pd.DataFrame
    data: SurvivalData
    readout: Readout | None
    obstacle: str
    sources: dict[str, str]
    files: list[Path]
    draws: pd.DataFrame | None


def survival_table(
    run: Run,
    methods: Sequence[str],
    stem: str,
    *,
    closely: str = "drasclr",
    folds: int = 5,
    repeats: int = 5,
    n_bootstraps: int = 0,
    seed: int = 0,
    workers: int = 1,
    trained: Mapping[str, FoldFeatures] = MappingProxyType({}),
) -> SurvivalTable:
    """Evaluates the rows of Table 3 over the same folds, and writes them into the results of the run.

    The files are ``<stem>.csv`` (beside the paper's table of this name), ``_folds`` and ``_bootstrap`` (draws, to five
    digits). `folds, repeats, seed, workers, trained` are as in `compare_survival`; subjects are drawn `n_bootstraps`
    times (0: see `draws_for`).

    Parameters
    ----------
    run : Run
    methods : sequence of str
        The rows (see `survival_data`). Empty: `survival_rows` of every method with a folder of features, and of
        `trained`.
    stem : str
    closely : str
        The row that is looked at closely; it must have features.

    Raises
    ------
    FileNotFoundError
        The row `closely` has no features.
    ValueError
        It is not among the rows.
    """
    subjects = read_subjects(run)
    rows = list(methods) or survival_rows(in_order({*methods_with_features(run), *trained}), closely, is_simulated(run))
    if closely not in rows:
        raise ValueError(f"closely is {closely!r}, which is no row: the rows are {', '.join(rows)}.")
    learned = dict.fromkeys(name for row in rows for name in row.split("+") if name not in {*MEASURED, *trained})
    features, missing = found_features(run, subjects, learned) if learned else ({}, {})
    lacking = [missing[name] for name in closely.split("+") if name in missing]
    if lacking:
        raise FileNotFoundError(" ".join(lacking))
    unknown = [column for column in FOLLOW_UP if column not in subjects]
    data = survival_data(subjects.assign(**dict.fromkeys(unknown, float("nan"))), features, rows, trained)
    why = {row: [missing[name] for name in row.split("+") if name in missing] for row in data.skipped}
    data = replace(data, skipped={row: " ".join(why[row]) or reason for row, reason in data.skipped.items()})
    obstacle, readout, draws = survival_obstacle(data.outcomes, folds) or "", None, None
    if unknown:  # says more than that nobody died
        obstacle = f"the subject table has no column {unknown[0]!r}, and survival needs days of follow-up and who died"
    if obstacle:
        index = pd.MultiIndex.from_product([data.rows, [TASK], CONCORDANCES], names=["method", "task", "metric"])
        summary = pd.DataFrame(float("nan"), index, ["mean", "sd", "low", "high"]).reset_index()
    else:
        readout = compare_survival(data, folds, repeats, seed, workers, trained)
        draws = survival_draws(numbered(readout.predictions), draws_for(stem, n_bootstraps), seed)
        summary = summarise_draws(draws)
        draws = draws.round(5)
    sizes = {"subjects": len(data.outcomes), "deaths": int(data.outcomes["died"].sum())}
    table = beside_paper(summary.assign(folds=folds, runs=repeats, **sizes), stem)
    # Calibration is written later, by the notebook, if there is any.
    files = write_table(run, stem, table, folds=readout and readout.scores, bootstrap=draws, calibration=None)
    return SurvivalTable(table, data, readout, obstacle, sources(run, subjects, features), files, draws)
