"""Every start of a task beside the others: the same net, data, batches and steps. Resumable, fit by fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from drasclr_core.image_volume import JointEncoder
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import for_each
from drasclr_core.transfer.fit import FitSettings
from drasclr_core.transfer.split import FOLDS, labelled, train_and_test
from drasclr_core.transfer.start import Start
from drasclr_core.transfer.task import TransferTask

VERSION = 2
"""Raise when a fit changes its result, so that those of an older version are made anew."""
COLUMNS = ("method", "task", "metric", "repeat", "fold", "value", "n_train", "n_test", "share", "network")


class Fit(NamedTuple):
    """One training: from which start, with which share of the labels, and seed."""

    start: Start
    share: float
    seed: int


def task_label(title: str, share: float) -> str:
    """Returns what a table of results calls a task with a share of its labels."""
    return title if share == 1 else f"{title}, {100 * share:g} % of the labels"


def compare_starts(task: TransferTask, starts: Sequence[Start], shares: Sequence[float], seeds: int, how: FitSettings,
                   folder: str | Path, workers: int = 0) -> pd.DataFrame:  # fmt: skip
    """Trains and scores a task from every start, with every share of the labels and every seed; each is kept.

    Parameters
    ----------
    task : TransferTask
    starts : sequence of Start
        Networks of cubes alone are left out where the task's samples are none.
    shares : sequence of float
        Of the training subjects' labels, 0 to 1.
    seeds : int
        A seed chooses who is tested (see `train_and_test`), whose labels are used, batches, and random weights.
    how : FitSettings
    folder : path
        Where finished fits are noted.
    workers : int
        Processes (see `progress.for_each`).

    Returns
    -------
    DataFrame
        ``method`` (the start), ``task`` (with the share), ``metric, repeat, fold, value, n_train, n_test, share,
        network``; the value is NaN where the tested subjects leave a metric without a meaning.
    """
    starts = [start for start in starts if task.cubes or start.kind is JointEncoder]
    fits = [Fit(start, share, seed) for seed in range(seeds) for share in shares for start in starts]
    one = partial(_one_fit, task=task, how=how, folder=Path(folder))
    rows = [row for rows in for_each(one, fits, f"{task.title}, trainings", workers) for row in rows]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"value": float})


def _one_fit(fit: Fit, task: TransferTask, how: FitSettings, folder: Path) -> list[dict]:
    start, share, seed = fit
    train, test = train_and_test(task.strata, seed)
    part = labelled(train, task.strata, share, seed, task.classes)
    key = fingerprint(version=VERSION, task=task.key, start=start.key, how=asdict(how), share=share, seed=seed)

    def make() -> dict:
        scores = task.score(start.encoder(seed), part, test, how, seed)
        return {"scores": {name: float(value) if np.isfinite(value) else None for name, value in scores.items()}}

    scores = kept(folder, f"{task.name}-{key}", key, make)["scores"]
    about = {"method": start.name, "task": task_label(task.title, share), "repeat": seed // FOLDS, "fold": seed % FOLDS}
    about |= {"n_train": len(part), "n_test": len(test), "share": share, "network": start.network}
    return [about | {"metric": metric, "value": value}
            for metric, value in scores.items()]  # fmt: skip
