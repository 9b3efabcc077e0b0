"""The linear readouts fold by fold, on the true labels and on shuffled ones, and what chance gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from drasclr_core.detect.cross_validation import predictions
from drasclr_core.detect.dataset import Boxes
from drasclr_core.detect.linear import as_detector, logistic
from drasclr_core.detect.scores import fold_scores
from drasclr_core.detect.voxels import voxel_shares
from drasclr_core.model.encoder import Encoder
from drasclr_core.progress import track


def linear_predictions(boxes: Boxes, subtypes: Sequence[str], features: dict[str, np.ndarray], seed: int = 0
                       ) -> pd.DataFrame:  # fmt: skip
    """Predictions of a logistic regression of each table of features, trained on the other folds.

    Parameters
    ----------
    boxes : Boxes
    subtypes : sequence of str
    features : dict of float [N, D]
        Method -> one row per box.
    seed : int

    Returns
    -------
    DataFrame
        As `cross_validate`, with `share` NaN.
    """
    return _linear(boxes, subtypes, features, boxes.labels(), seed)


def add_voxels(table: pd.DataFrame, boxes: Boxes, subtypes: Sequence[str], encoder: Encoder, features: np.ndarray,
               stride: int = 4, seed: int = 0) -> pd.DataFrame:  # fmt: skip
    """The predictions of a readout of an encoder's features with their `share` of positive voxels.

    Parameters
    ----------
    table : DataFrame
        From `linear_predictions`, of one method.
    boxes, subtypes, seed
        As there.
    encoder : Encoder
        What the features are of.
    features : float [N, rep_dim]
    stride : int
        See `voxel_shares`.
    """
    labels, parts = boxes.labels(), []
    for fold, part in track(list(table.groupby("fold")), "voxels of readouts"):
        heads = [as_detector(encoder, _fit(boxes, features, name, int(fold), labels, seed)).probability
                 for name in subtypes]  # fmt: skip
        tested = np.unique(part["box"])
        shares = voxel_shares(encoder, heads, boxes.patches, tested, stride)  # one pass serves all subtypes
        columns = part["task"].map([name.capitalize() for name in subtypes].index)
        parts.append(part.assign(share=shares[np.searchsorted(tested, part["box"]), columns]))
    return pd.concat(parts, ignore_index=True)


def everything_positive(boxes: Boxes, subtypes: Sequence[str]) -> pd.DataFrame:
    """Predictions of calling every box positive: the highest F1 that needs no image, 2 p / (1 + p) at a share p."""
    parts = [predictions(boxes, rows[boxes.fold[rows] == fold], name, int(fold), "chance", 1.0, 1.0)
             for name in subtypes for rows in [boxes.rows(name)] for fold in np.unique(boxes.fold[rows])]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def detection_permutation_scores(
    boxes: Boxes, subtypes: Sequence[str], features: dict[str, np.ndarray], n_permutations: int = 5, seed: int = 0
) -> pd.DataFrame:
    """Mean scores over folds (direct rule) after the labels were shuffled among the subjects of each task.

    Parameters
    ----------
    boxes, subtypes, features, seed
        As in `linear_predictions`.
    n_permutations : int

    Returns
    -------
    DataFrame
        ``method, task, metric, permutation, value``.
    """
    parts = []
    for number in track(range(n_permutations), "shuffled labels"):
        for name in subtypes:
            labels = _shuffled(boxes, name, np.random.default_rng([seed, number]))
            scores = fold_scores(_linear(boxes, [name], features, labels, seed), "direct")
            means = scores.groupby(["method", "task", "metric"], sort=False)["value"].mean().reset_index()
            parts.append(means.assign(permutation=number))
    return pd.concat(parts, ignore_index=True)[["method", "task", "metric", "permutation", "value"]]


def _linear(boxes: Boxes, subtypes: Sequence[str], features: dict[str, np.ndarray], labels: np.ndarray, seed: int
            ) -> pd.DataFrame:  # fmt: skip
    parts = []
    for name in subtypes:
        rows = boxes.rows(name)
        for fold in np.unique(boxes.fold[rows]):
            test = rows[boxes.fold[rows] == fold]
            for method, matrix in features.items():
                fitted = _fit(boxes, matrix, name, int(fold), labels, seed)
                probability = fitted.predict_proba(matrix[test])[:, 1]
                table = predictions(boxes, test, name, int(fold), method, probability, np.nan)
                parts.append(table.assign(true=labels[test]))
    return pd.concat(parts, ignore_index=True)


def _fit(boxes: Boxes, matrix: np.ndarray, subtype: str, fold: int, labels: np.ndarray, seed: int):
    rows = boxes.rows(subtype)
    train = rows[boxes.fold[rows] != fold]
    return logistic(matrix[train], labels[train], boxes.table["sid"].to_numpy()[train], seed)


def _shuffled(boxes: Boxes, subtype: str, rng: np.random.Generator) -> np.ndarray:
    """Labels bool [N] in which the task's subjects have exchanged theirs, all boxes of a subject alike."""
    labels, rows, sids = boxes.labels().copy(), boxes.rows(subtype), boxes.table["sid"].to_numpy()
    subjects, first = np.unique(sids[rows], return_index=True)
    mixed = dict(zip(subjects, rng.permutation(labels[rows][first]), strict=True))
    labels[rows] = [mixed[sid] for sid in sids[rows]]
    return labels
