"""The table of an external validation: scores on the other cohort beside those within the cohort that was fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from drasclr_core.cohort.subjects import read_subjects
from drasclr_core.evaluate.external.models import (
    CHANCE,
    external_readout_draws,
    external_readouts,
    external_survival_draws,
    with_features,
)
from drasclr_core.evaluate.external.shared import no_shared_subjects
from drasclr_core.evaluate.features import read_features
from drasclr_core.evaluate.readout.cross_validation import MIN_SUBJECTS
from drasclr_core.evaluate.statistics.resampling import summarise_draws
from drasclr_core.evaluate.survival.covariates import MIN_DEATHS, survival_data
from drasclr_core.evaluate.table import write_table
from drasclr_core.evaluate.tasks import Task, labels_of
from drasclr_core.files import read_json
from drasclr_core.run import Run

STEM = "external"
FITTED, TESTED = "fitted ", "tested "
"""Before the sids of either cohort, which count from the same number."""
WITHIN = ("table2", "table3")
"""Tables of the cohort that was fitted, in which its methods were cross-validated."""


@dataclass(frozen=True)
class ExternalTable:
    """What `external_table` leaves behind.

    Attributes
    ----------
    table : DataFrame
        ``method, task, metric, mean, sd, low, high, within, subjects, fitted``: the score with its bootstrap error and
        95 % interval over tested subjects; `within`, the cross-validated score in the cohort that was fitted, NaN where
        its tables have none; how many subjects were tested, and how many fitted.
    draws : DataFrame
        Bootstrap scores, for paired differences.
    predictions : DataFrame
        From `external_readouts`.
    skipped : dict of str to str
        Method or task that could not be compared -> why.
    files : list of Path
        What was written.
    """

    table: pd.DataFrame
    draws: pd.DataFrame
    predictions: pd.DataFrame
    skipped: dict[str, str]
    files: list[Path]


def external_table(fitted: Run, tested: Run, methods: Mapping[str, str], tasks: Sequence[Task], draws: int = 1000,
                   seed: int = 0) -> ExternalTable:  # fmt: skip
    """Fits readouts and Cox models on all subjects of one run, tests them on those of another, and writes the table.

    Parameters
    ----------
    fitted, tested : Run
        No subject of the second took part in the first (see `no_shared_subjects`).
    methods : mapping of str to str
        Features in the first run -> the name of the same features in the second.
    tasks : sequence of Task
        Those without enough labels in either cohort are left out.
    draws, seed : int
        Bootstrap draws of tested subjects.

    Raises
    ------
    ValueError
        The two runs share a subject, no method has features of one encoder in both, or no task has enough labels.
    """
    no_shared_subjects(fitted, tested)
    theirs, ours = read_subjects(fitted), read_subjects(tested)
    known, here, skipped = {}, {}, {}
    for method, name in methods.items():
        if not one_encoder(fitted, method, tested, name):
            skipped[method] = f"{method}: the two runs have encoders of this name that differ, and so do their features"
            continue
        try:
            known[method], here[method] = read_features(fitted, theirs, method), read_features(tested, ours, name)
        except (FileNotFoundError, KeyError) as error:
            known.pop(method, None)
            skipped[method] = str(error.args[0])
    if not known:
        raise ValueError("no method has the same features in both runs: " + " ".join(skipped.values()))
    usable, featured = [], (with_features(theirs, known), with_features(ours, here))
    for task in tasks:
        few = [len(labels_of(table, task)) if task.column in table else 0 for table in featured]
        if min(few) < MIN_SUBJECTS:
            reason = f"only {few[0]} and {few[1]} subjects of the two cohorts have a label, and the features"
            skipped[task.name] = reason
        else:
            usable.append(task)
    if not usable:
        raise ValueError(f"no task can be tested, {MIN_SUBJECTS} labels are needed in either cohort: "
                         + "; ".join(f"{task.name}: {skipped[task.name]}" for task in tasks))  # fmt: skip
    predictions = external_readouts(known, theirs, here, ours, usable, seed)
    parts = [external_readout_draws(predictions, usable, draws, seed)]
    both = {method: _joined(known[method], here[method]) for method in known}
    survival, followed, reason = _survival(_joined(theirs, ours), both, draws, seed)
    parts += [] if survival is None else [survival]
    skipped |= {"Survival": reason} if reason else {}
    every = pd.concat(parts, ignore_index=True)
    table = summarise_draws(every)
    within = _within(fitted)
    table["within"] = [within.get((row.method, row.task, row.metric), float("nan")) for row in table.itertuples()]
    counts = predictions[predictions["method"] == CHANCE].groupby("task")["sid"].size()
    table["subjects"] = table["task"].map(counts).fillna(followed[1]).astype(int)
    fits = {task.name: len(labels_of(featured[0], task)) for task in usable}
    table["fitted"] = table["task"].map(fits).fillna(followed[0]).astype(int)
    return ExternalTable(table, every, predictions, skipped, write_table(tested, STEM, table))


def _survival(subjects: pd.DataFrame, features: dict[str, pd.DataFrame], draws: int, seed: int
              ) -> tuple[pd.DataFrame | None, list[int], str]:  # fmt: skip
    """Draws of the Cox models, or None and why; and how many of either cohort are followed up.

    Readouts of cohorts whose survival cannot be judged can be tested all the same.
    """
    try:
        data = survival_data(subjects, features, [*features, "spirometry"])
    except (KeyError, ValueError) as error:
        return None, [0, 0], str(error.args[0])
    fitted_on = data.outcomes.index.str.startswith(FITTED)
    followed = [int(fitted_on.sum()), int((~fitted_on).sum())]
    deaths = [int(data.outcomes["died"][who].sum()) for who in (fitted_on, ~fitted_on)]
    if min(deaths) < MIN_DEATHS:
        reason = f"{deaths[0]} and {deaths[1]} deaths in the two cohorts, {MIN_DEATHS} are needed in each"
        return None, followed, reason
    try:
        return external_survival_draws(data, fitted_on, draws, seed), followed, ""
    except (KeyError, ValueError) as error:
        return None, followed, str(error.args[0])


def one_encoder(fitted: Run, method: str, tested: Run, name: str) -> bool:
    """Returns False where both runs keep an encoder for these features and the two have different weights.

    Parameters
    ----------
    fitted, tested : Run
    method, name : str
        What the features are called in either.
    """
    prints = [
        read_json(run.pretrain(one) / "config.json").get("sha256") for run, one in ((fitted, method), (tested, name))
    ]
    return None in prints or prints[0] == prints[1]


def _joined(fitted: pd.DataFrame, tested: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows of both cohorts, whose sids say to which they belong."""
    parts = [table.assign(sid=side + table["sid"]) for side, table in ((FITTED, fitted), (TESTED, tested))]
    return pd.concat(parts, ignore_index=True)


def _within(run: Run) -> dict[tuple[str, str, str], float]:
    """Returns the cross-validated scores of a run by method, task and metric."""
    found = {}
    for path in (run.results / f"{stem}.csv" for stem in WITHIN):
        if path.exists():
            found |= pd.read_csv(path).set_index(["method", "task", "metric"])["mean"].to_dict()
    return found
