"""Linear readouts of boxes (paper, Table 5, upper half), fitted and calibrated fold by fold, and what chance gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from drasclr_core.detect.boxes.dataset import OTHER, POSITIVE, Boxes
from drasclr_core.detect.boxes.folds import fold_of_groups
from drasclr_core.detect.detector.calibration import calibration_of
from drasclr_core.detect.detector.detector import Detector
from drasclr_core.detect.scoring.scores import predictions
from drasclr_core.evaluate.folds import splits
from drasclr_core.evaluate.readout.linear import INNER_FOLDS, PENALTIES_CLASSIFICATION, logistic_model, penalty


@dataclass(frozen=True)
class Readout:
    """Logistic regressions on one table of features.

    Attributes
    ----------
    method : str
    features : float [N, D] or [F, N, D]
        A row per box; for each tested fold, where they depend on who trains (`healthy_deviation`).
    fitted : dict of (str, int) to Pipeline
        By subtype and tested fold; calibrated.
    """

    method: str
    features: np.ndarray
    fitted: dict[tuple[str, int], Pipeline]

    @property
    def subtypes(self) -> list[str]:
        return list(dict.fromkeys(subtype for subtype, _ in self.fitted))


def fit_readout(boxes: Boxes, subtypes: Sequence[str], method: str, features: np.ndarray, seed: int = 0,
                twins: bool = False) -> Readout:  # fmt: skip
    """Fits a `logistic` for every subtype and tested fold to the other folds, and calibrates it on these.

    Parameters
    ----------
    features : float [N, D] or [F, N, D]
        See `Readout`.
    seed : int
        Draws the inner folds.
    twins : bool
        Whether boxes of the other subtype are negatives too (`Boxes.training`).
    """
    sids, fitted = boxes.table["sid"].to_numpy(), {}
    for subtype in subtypes:
        kinds = boxes.kinds(subtype)
        for fold in np.unique(boxes.fold[boxes.rows(subtype)]).tolist():
            train = boxes.training(subtype, fold, twins)
            own = of_fold(features, fold)[train]
            model = logistic(own, kinds[train] == POSITIVE, sids[train], seed)
            fitted[subtype, fold] = calibrate(model, own, kinds[train], sids[train], seed)
    return Readout(method, features, fitted)


def linear_predictions(boxes: Boxes, readout: Readout, twins: bool = False) -> pd.DataFrame:
    """Returns the predictions of a readout for the boxes of each tested fold, as from `cross_validate_detectors`.

    Their `share` is NaN (`network_shares` and `value_shares` add it). With `twins` boxes of the other subtype are
    tested too.
    """
    parts = []
    for (subtype, fold), fitted in readout.fitted.items():
        test = boxes.tested(subtype, fold, twins)
        probability = fitted.predict_proba(of_fold(readout.features, fold)[test])[:, 1]
        parts.append(predictions(boxes, test, subtype, fold, readout.method, probability, np.nan))
    return pd.concat(parts, ignore_index=True)


def everything_positive(boxes: Boxes, subtypes: Sequence[str]) -> pd.DataFrame:
    """Predicts that every box is positive: the highest F1 that needs no image, 2 p / (1 + p) at a share p."""
    parts = [predictions(boxes, rows[boxes.fold[rows] == fold], name, int(fold), "chance", 1.0, 1.0)
             for name in subtypes for rows in [boxes.rows(name)] for fold in np.unique(boxes.fold[rows])]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def logistic(features: np.ndarray, labels: np.ndarray, sids: np.ndarray, seed: int = 0) -> Pipeline:
    """Fits a logistic regression of standardised features [N, D] to labels bool [N], both with the same weight.

    The L2 penalty is chosen while fitting, by the log loss over inner folds of whole subjects (`sids` [N]), which
    `seed` draws.
    """
    inner = _inner_folds(labels, sids, seed)
    if not inner:  # a label with a single subject: nothing to choose the penalty by
        return _with_penalty(max(PENALTIES_CLASSIFICATION)).fit(features, labels)
    return logistic_model(inner, class_weight="balanced", max_iter=500).fit(features, labels)


def calibrate(fitted: Pipeline, features: np.ndarray, kinds: np.ndarray, sids: np.ndarray, seed: int = 0) -> Pipeline:
    """Returns a `logistic` whose probabilities are calibrated, changed in place.

    The penalty that makes the best order of boxes shrinks logits. The calibration is that of the logits which the same
    penalty gives to subjects of the inner folds when it is fitted without them; boxes of the other subtype take no part
    in it, as they are not among those tested.

    Parameters
    ----------
    features, kinds, sids
        Of the boxes [N] that trained it; kinds as from `Boxes.kinds`.
    """
    labels, logits = kinds == POSITIVE, np.full(len(kinds), np.nan)
    for train, test in _inner_folds(labels, sids, seed):
        logits[test] = (
            _with_penalty(penalty(fitted)).fit(features[train], labels[train]).decision_function(features[test])
        )
    known = np.isfinite(logits) & (kinds != OTHER)
    slope, intercept = calibration_of(logits[known], labels[known])
    model = fitted[-1]
    model.coef_, model.intercept_ = slope * model.coef_, slope * model.intercept_ + intercept
    return fitted


def as_detector(encoder: nn.Module, fitted: Pipeline) -> Detector:
    """Returns a frozen encoder and a `logistic` on its features, as one detector that gives the same probabilities."""
    scaler, model = fitted[0], fitted[-1]
    weight = model.coef_[0] / scaler.scale_
    head = nn.Linear(encoder.rep_dim, 1)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight[None]))
        head.bias.fill_(float(model.intercept_[0] - weight @ scaler.mean_))
    return Detector(encoder, head).eval()


def of_fold(features: np.ndarray, fold: int) -> np.ndarray:
    """Returns the features [N, D] with which a tested fold is predicted, of [N, D] or [F, N, D]."""
    return features[fold] if features.ndim == 3 else features


def _inner_folds(labels: np.ndarray, sids: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    fold = fold_of_groups(sids, labels, INNER_FOLDS, seed)
    return [(train, test) for train, test in splits(fold) if len(np.unique(labels[train])) == 2]


def _with_penalty(strength: float) -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=1 / strength, class_weight="balanced", max_iter=500))
