"""Linear readouts of boxes (paper, Table 5, upper half): fold by fold, voxel by voxel, and what chance gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from drasclr_core.detect.boxes.dataset import Boxes
from drasclr_core.detect.boxes.folds import fold_of_groups
from drasclr_core.detect.detector.detector import Detector
from drasclr_core.detect.scoring.low_attenuation import low_attenuation_share, low_attenuation_voxels
from drasclr_core.detect.scoring.scores import predictions
from drasclr_core.detect.scoring.voxels import positive_share, voxel_shares
from drasclr_core.evaluate.folds import splits
from drasclr_core.evaluate.readout.linear import INNER_FOLDS, PENALTIES_CLASSIFICATION, logistic_model
from drasclr_core.progress import track


def logistic(features: np.ndarray, labels: np.ndarray, sids: np.ndarray, seed: int = 0) -> Pipeline:
    """Fits a logistic regression of standardised features [N, D] to labels bool [N], both with the same weight.

    The L2 penalty is chosen while fitting, by the log loss over inner folds of whole subjects (`sids` [N]), which
    `seed` draws.
    """
    fold = fold_of_groups(sids, labels, INNER_FOLDS, seed)
    inner = [(train, test) for train, test in splits(fold) if len(np.unique(labels[train])) == 2]
    if not inner:  # a label with a single subject: nothing to choose the penalty by
        strongest = LogisticRegression(C=1 / max(PENALTIES_CLASSIFICATION), class_weight="balanced")
        return make_pipeline(StandardScaler(), strongest).fit(features, labels)
    return logistic_model(inner, class_weight="balanced", max_iter=500).fit(features, labels)


def as_detector(encoder: nn.Module, fitted: Pipeline) -> Detector:
    """Returns a frozen encoder and a `logistic` on its features, as one detector that gives the same probabilities."""
    scaler, model = fitted[0], fitted[-1]
    weight = model.coef_[0] / scaler.scale_
    head = nn.Linear(encoder.rep_dim, 1)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight[None]))
        head.bias.fill_(float(model.intercept_[0] - weight @ scaler.mean_))
    return Detector(encoder, head).eval()


def linear_predictions(boxes: Boxes, subtypes: Sequence[str], features: dict[str, np.ndarray], seed: int = 0
                       ) -> pd.DataFrame:  # fmt: skip
    """Returns the predictions of a logistic regression of each table of features, trained on the other folds.

    `features` holds one row per box [N, D] for each method. The table is as from `cross_validate_detectors`, with
    `share` NaN.
    """
    return predictions_of_labels(boxes, subtypes, features, boxes.labels(), seed)


def add_voxels(table: pd.DataFrame, boxes: Boxes, subtypes: Sequence[str], encoder: nn.Module, features: np.ndarray,
               stride: int = 4, seed: int = 0) -> pd.DataFrame:  # fmt: skip
    """Returns the predictions of a readout of an encoder's features with their `share` of positive voxels.

    Parameters
    ----------
    table : DataFrame
        From `linear_predictions`, of one method; subtypes and seed as there.
    encoder : encoder of any method
        What `features` [N, rep_dim] are of. Of one that is not `voxelwise` the share stays NaN.
    stride : int
        In voxels, see `voxel_shares`.
    """

    def shares(fitted: list[Pipeline], tested: np.ndarray) -> np.ndarray:
        heads = [as_detector(encoder, one).probability for one in fitted]
        return voxel_shares(encoder, heads, boxes.patches, tested, stride)  # one pass serves all subtypes

    return _with_shares(table, boxes, subtypes, features, seed, shares) if encoder.voxelwise else table


def add_low_attenuation_voxels(table: pd.DataFrame, boxes: Boxes, subtypes: Sequence[str], stride: int = 4,
                               seed: int = 0) -> pd.DataFrame:  # fmt: skip
    """Returns the predictions of a readout of `low_attenuation_share` with their `share` of positive voxels.

    Each voxel is judged by the share below -950 HU in the patch round it (`low_attenuation_voxels`); table, subtypes,
    stride and seed are as in `add_voxels`.
    """
    around = low_attenuation_voxels(boxes.patches, stride)

    def shares(fitted: list[Pipeline], tested: np.ndarray) -> np.ndarray:
        values = around[tested].reshape(-1, 1)
        found = [one.predict_proba(values)[:, 1].reshape(len(tested), -1) for one in fitted]
        return positive_share(np.stack(found, axis=1))

    return _with_shares(table, boxes, subtypes, low_attenuation_share(boxes.patches), seed, shares)


def everything_positive(boxes: Boxes, subtypes: Sequence[str]) -> pd.DataFrame:
    """Predicts that every box is positive: the highest F1 that needs no image, 2 p / (1 + p) at a share p."""
    parts = [predictions(boxes, rows[boxes.fold[rows] == fold], name, int(fold), "chance", 1.0, 1.0)
             for name in subtypes for rows in [boxes.rows(name)] for fold in np.unique(boxes.fold[rows])]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def predictions_of_labels(boxes: Boxes, subtypes: Sequence[str], features: dict[str, np.ndarray], labels: np.ndarray,
                          seed: int) -> pd.DataFrame:  # fmt: skip
    """Returns what `linear_predictions` would if the boxes had these labels (bool [N])."""
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


def _with_shares(table: pd.DataFrame, boxes: Boxes, subtypes: Sequence[str], features: np.ndarray, seed: int,
                 shares: Callable[[list[Pipeline], np.ndarray], np.ndarray]) -> pd.DataFrame:  # fmt: skip
    """The table with the shares [T, subtypes] that the readouts of each fold give to its tested boxes [T]."""
    labels, parts = boxes.labels(), []
    for fold, part in track(list(table.groupby("fold")), "voxels of readouts"):
        tested = np.unique(part["box"])
        found = shares([_fit(boxes, features, name, int(fold), labels, seed) for name in subtypes], tested)
        columns = part["task"].map([name.capitalize() for name in subtypes].index)
        parts.append(part.assign(share=found[np.searchsorted(tested, part["box"]), columns]))
    return pd.concat(parts, ignore_index=True)


def _fit(boxes: Boxes, matrix: np.ndarray, subtype: str, fold: int, labels: np.ndarray, seed: int) -> Pipeline:
    rows = boxes.rows(subtype)
    train = rows[boxes.fold[rows] != fold]
    return logistic(matrix[train], labels[train], boxes.table["sid"].to_numpy()[train], seed)
