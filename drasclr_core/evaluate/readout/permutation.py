"""The honest check: the same readout on shuffled labels must fall to chance, and tells how far chance alone reaches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from drasclr_core.evaluate.readout.cross_validation import Readout, cross_validate
from drasclr_core.evaluate.readout.linear import linear_model
from drasclr_core.evaluate.readout.readout import aligned
from drasclr_core.evaluate.tasks import Task
from drasclr_core.progress import for_each


def permutation_scores(
    features: pd.DataFrame,
    subjects: pd.DataFrame,
    tasks: Sequence[Task],
    method: str,
    n_permutations: int = 20,
    folds: int = 5,
    seed: int = 0,
    workers: int = 1,
) -> pd.DataFrame:
    """Mean scores over folds after the labels were shuffled among the subjects, before anything else is done.

    Parameters
    ----------
    features, subjects, method, folds, seed
        As in `readout.readout`.
    tasks : sequence of Task
        Tasks that can be evaluated (`readout.compare_readouts` names those that cannot).
    n_permutations : int
        How often to shuffle. The smallest p value that can come out is 1 / (n_permutations + 1).
    workers : int
        Processes (see `progress.for_each`).

    Returns
    -------
    DataFrame
        ``method, task, metric, permutation, value``.
    """
    data = {task: aligned(features, subjects, task, method) for task in tasks}
    jobs = [(task, number) for number in range(n_permutations) for task in tasks]
    one = partial(_one_shuffle, data, folds, seed)
    means = pd.concat(for_each(one, jobs, f"shuffled labels, {method}", workers), ignore_index=True)
    return means.assign(method=method)[["method", "task", "metric", "permutation", "value"]]


def permutation_test(readout: Readout, shuffled: pd.DataFrame) -> pd.DataFrame:
    """How the real labels compare with shuffled ones, of which the first repeat's folds are the counterpart.

    Parameters
    ----------
    readout : Readout
        On the real labels.
    shuffled : DataFrame
        From `permutation_scores`, of methods and tasks that are in `readout`.

    Returns
    -------
    DataFrame
        ``method, task, metric, observed, shuffled_mean, shuffled_sd, p``; p = (1 + number of shuffles that score at
        least as high as observed) / (1 + number of shuffles), one-sided.
    """
    keys = ["method", "task", "metric"]
    observed = readout.scores.query("repeat == 0").groupby(keys)["value"].mean()
    rows = []
    for key, values in shuffled.groupby(keys, sort=False)["value"]:
        p = (1 + int((values >= observed[key]).sum())) / (1 + len(values))
        rows.append((*key, observed[key], values.mean(), values.std(), p))
    return pd.DataFrame(rows, columns=[*keys, "observed", "shuffled_mean", "shuffled_sd", "p"])


def _one_shuffle(data: dict, folds: int, seed: int, job: tuple[Task, int]) -> pd.DataFrame:
    task, number = job
    labels, matrix = data[task]
    mixed = np.random.default_rng([seed, number]).permutation(labels.to_numpy())
    scores, _ = cross_validate(matrix, mixed, task, folds, 1, seed, linear_model)
    means = scores.groupby("metric", sort=False)["value"].mean().reset_index()
    return means.assign(task=task.name, permutation=number)
