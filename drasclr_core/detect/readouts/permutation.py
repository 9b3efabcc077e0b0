"""The honest check of detection: the same readouts on shuffled labels, at the same prevalence in every tested fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from drasclr_core.detect.boxes.dataset import POSITIVE, Boxes
from drasclr_core.detect.readouts.readouts import logistic, of_fold
from drasclr_core.detect.scoring.ranking import AVERAGE_PRECISION
from drasclr_core.evaluate.readout.permutation import against_shuffled
from drasclr_core.evaluate.scores import KEYS
from drasclr_core.evaluate.statistics.resampling import SAMPLE
from drasclr_core.progress import for_each


def detection_permutation_scores(
    boxes: Boxes,
    subtypes: Sequence[str],
    features: dict[str, np.ndarray],
    n_permutations: int = 19,
    seed: int = 0,
    workers: int = 1,
) -> pd.DataFrame:
    """Computes mean scores over folds after the labels were shuffled, before anything is trained.

    The subjects of a fold exchange their labels, with all boxes alike, so that each fold keeps its ill and healthy
    subjects; `average_precision` does away with what is left of a difference in the number of boxes. F1 would not do:
    it rises with the share of annotated boxes and depends on where the threshold lies.

    Parameters
    ----------
    boxes, subtypes, seed
        As in `fit_readout`; boxes of the other subtype take no part.
    features : dict of [N, D] or [F, N, D]
        Of each method, as in `fit_readout`.
    n_permutations : int
        The smallest p value that can come out is 1 / (n_permutations + 1).
    workers : int
        Processes.

    Returns
    -------
    DataFrame
        ``method, task, metric, permutation, value``; permutation -1 has the real labels.
    """
    # Processes are sent what they read: the scans of the boxes are not among it.
    light = replace(boxes, patches=replace(boxes.patches, hu=np.empty(0)))
    jobs = [(name, number) for number in range(SAMPLE, n_permutations) for name in subtypes]
    one = partial(_one_permutation, light, features, seed)
    return pd.concat(for_each(one, jobs, "shuffled labels", workers), ignore_index=True)


def detection_permutation_test(scores: pd.DataFrame) -> pd.DataFrame:
    """Compares the real labels with the shuffled ones of `detection_permutation_scores`.

    Returns
    -------
    DataFrame
        ``method, task, metric, observed, permutation_mean, permutation_sd, p``; p = (1 + number of permutations that
        score at least as high as observed) / (1 + number of permutations), one-sided.
    """
    rows = []
    for key, own in scores.groupby(KEYS, sort=False):
        shuffled = own.loc[own["permutation"] > SAMPLE, "value"]
        observed = own.loc[own["permutation"] == SAMPLE, "value"].item()
        rows.append((*key, *against_shuffled(observed, shuffled)))
    return pd.DataFrame(rows, columns=[*KEYS, "observed", "permutation_mean", "permutation_sd", "p"])


def average_precision(true: np.ndarray, probability: np.ndarray, prevalence: float) -> float:
    """Returns the average precision of boxes, weighted so that a share `prevalence` of all weight is annotated.

    Of boxes of one label only it is NaN. What guessing gives is about the prevalence.
    """
    true = np.asarray(true, dtype=bool)
    if true.all() or not true.any():
        return float("nan")
    weight = np.where(true, prevalence / true.sum(), (1 - prevalence) / (~true).sum())
    return float(average_precision_score(true, probability, sample_weight=weight))


def shuffled_within_folds(boxes: Boxes, subtype: str, rng: np.random.Generator) -> np.ndarray:
    """Returns labels bool [N] in which the task's subjects have exchanged theirs inside each fold."""
    labels, rows, sids = boxes.kinds(subtype) == POSITIVE, boxes.rows(subtype), boxes.table["sid"].to_numpy()
    for fold in np.unique(boxes.fold[rows]):
        own = rows[boxes.fold[rows] == fold]
        _, first, subject = np.unique(sids[own], return_index=True, return_inverse=True)
        labels[own] = rng.permutation(labels[own][first])[subject]
    return labels


def _one_permutation(boxes: Boxes, features: dict[str, np.ndarray], seed: int, job: tuple[str, int]) -> pd.DataFrame:
    subtype, number = job
    labels = real = boxes.kinds(subtype) == POSITIVE
    if number > SAMPLE:
        labels = shuffled_within_folds(boxes, subtype, np.random.default_rng([seed, number]))
    rows, sids, found = boxes.rows(subtype), boxes.table["sid"].to_numpy(), []
    for method, matrix in features.items():
        values = []
        for fold in np.unique(boxes.fold[rows]):
            train, test, own = rows[boxes.fold[rows] != fold], rows[boxes.fold[rows] == fold], of_fold(matrix, fold)
            fitted = logistic(own[train], labels[train], sids[train], seed)
            values.append(average_precision(labels[test], fitted.predict_proba(own[test])[:, 1], real[test].mean()))
        value = np.nanmean(values) if np.isfinite(values).any() else float("nan")
        found.append((method, subtype.capitalize(), AVERAGE_PRECISION, number, value))
    return pd.DataFrame(found, columns=[*KEYS, "permutation", "value"])
