"""Linear readouts of boxes: of frozen features, and of the share of low attenuation (paper, Table 5, upper half)."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from drasclr_core.detect.detector import Detector
from drasclr_core.detect.folds import fold_of_groups
from drasclr_core.detect.forward import box_outputs, box_tensors
from drasclr_core.detect.patches import BoxPatches
from drasclr_core.evaluate.folds import splits
from drasclr_core.evaluate.readout.linear import INNER_FOLDS, PENALTIES_CLASSIFICATION, logistic_model
from drasclr_core.imaging.constants import LOW_ATTENUATION
from drasclr_core.model.encoder import Encoder


def low_attenuation_share(patches: BoxPatches) -> np.ndarray:
    """Share of the voxels of every box that lie below -950 HU, float [N, 1]."""
    return np.array([[(core < LOW_ATTENUATION).mean()] for core in patches.cores()])


def box_features(encoder: Encoder, patches: BoxPatches) -> np.ndarray:
    """Representations of the boxes' middle patches, float32 [N, rep_dim]."""
    tensors = box_tensors(patches, np.arange(len(patches)), next(encoder.parameters()).device)
    return box_outputs(encoder, *tensors).float().cpu().numpy()


def logistic(features: np.ndarray, labels: np.ndarray, sids: np.ndarray, seed: int = 0):
    """Logistic regression of standardised features, both labels with the same weight.

    The L2 penalty is chosen while fitting, by the log loss over inner folds of whole subjects.

    Parameters
    ----------
    features : float [N, D]
    labels : bool [N]
    sids : str [N]
        Whose boxes these are.
    seed : int
        Draws the inner folds.

    Returns
    -------
    fitted pipeline with ``predict_proba``
    """
    fold = fold_of_groups(sids, labels, INNER_FOLDS, seed)
    inner = [(train, test) for train, test in splits(fold) if len(np.unique(labels[train])) == 2]
    if not inner:  # a label with a single subject: nothing to choose the penalty by
        strongest = LogisticRegression(C=1 / max(PENALTIES_CLASSIFICATION), class_weight="balanced")
        return make_pipeline(StandardScaler(), strongest).fit(features, labels)
    return logistic_model(inner, class_weight="balanced", max_iter=500).fit(features, labels)


def as_detector(encoder: Encoder, fitted) -> Detector:
    """A frozen encoder and a `logistic` on its features, as one detector that gives the same probabilities."""
    scaler, model = fitted[0], fitted[-1]
    weight = model.coef_[0] / scaler.scale_
    head = nn.Linear(encoder.rep_dim, 1)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight[None]))
        head.bias.fill_(float(model.intercept_[0] - weight @ scaler.mean_))
    return Detector(encoder, head.to(encoder.blocks[0].conv.bias)).eval()
