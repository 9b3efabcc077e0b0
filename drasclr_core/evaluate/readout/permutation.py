"""The honest check: the same readout on shuffled labels must fall to chance, and tells how far chance alone reaches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from drasclr_core.evaluate.readout.cross_validation import Readout, cross_validate
from drasclr_core.evaluate.readout.linear import linear_model
from drasclr_core.evaluate.readout.readout import aligned
from drasclr_core.evaluate.scores import KEYS
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
    """Returns mean scores over folds after the labels were shuffled among the subjects, before anything else is done.

    `features, subjects, method, folds, seed` are as in `readout`; `tasks` can be evaluated (`compare_readouts` names
    those that cannot); `workers` are processes. The smallest p value that can come out is 1 / (n_permutations + 1).

    Returns
    -------
    DataFrame
        ``method, task, metric, permutation, value``.
    """
    data = {task: aligned(features, subjects, task, method) for task in tasks}
    jobs = [(task, number) for number in range(n_permutations) for task in tasks]
    one = partial(_one_permutation, data, method, folds, seed)
    return pd.concat(for_each(one, jobs, f"shuffled labels, {method}", workers), ignore_index=True)


def permutation_test(readout: Readout, permutations: pd.DataFrame) -> pd.DataFrame:
    """Compares the real labels with shuffled ones, of which the first repeat's folds are the counterpart.

    The `permutations` (from `permutation_scores`) are of methods and tasks that are in the `readout` on the real
    labels.

    Returns
    -------
    DataFrame
        ``method, task, metric, observed, permutation_mean, permutation_sd, p``; p = (1 + number of permutations that
        score at least as high as observed) / (1 + number of permutations), one-sided. Permutations without a score do
        not count; p is NaN where no other is left, or real labels have no score.
    """
    observed = readout.scores.query("repeat == 0").groupby(KEYS)["value"].mean()
    rows = []
    for key, values in permutations.groupby(KEYS, sort=False)["value"]:
        rows.append((*key, *against_shuffled(observed[key], values)))
    return pd.DataFrame(rows, columns=[*KEYS, "observed", "permutation_mean", "permutation_sd", "p"])


def against_shuffled(observed: float, shuffled: pd.Series) -> tuple[float, float, float, float]:
    """Returns `observed`, mean and standard deviation of the `shuffled` scores, and p (see `permutation_test`).

    Shuffles without a score (NaN) do not count. Where no other is left, or `observed` is NaN, nothing was compared: p
    is NaN.
    """
    shuffled = shuffled.dropna()
    if np.isnan(observed) or shuffled.empty:
        return observed, shuffled.mean(), shuffled.std(), float("nan")
    p = (1 + int((shuffled >= observed - 1e-12).sum())) / (1 + len(shuffled))
    return observed, shuffled.mean(), shuffled.std(), p


def _one_permutation(data: dict, method: str, folds: int, seed: int, job: tuple[Task, int]) -> pd.DataFrame:
    task, number = job
    labels, matrix = data[task]
    labels = pd.Series(np.random.default_rng([seed, number]).permutation(labels.to_numpy()), labels.index)
    scores = cross_validate(matrix, labels, task, method, folds, 1, seed, linear_model).scores
    means = scores.groupby(KEYS, sort=False)["value"].mean().reset_index()
    return means.assign(permutation=number)[[*KEYS, "permutation", "value"]]
