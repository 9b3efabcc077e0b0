"""Online linear probe: how well labels could be read from the representation while it is being learnt.

For reporting only. The labels reach neither the weights nor any choice of the training, and a run with labels ends bit
for bit like one without.
"""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from drasclr_core.model.encoder import Encoder
from drasclr_core.model.inputs import center_views

FOLDS = 5
LEAST = 2 * FOLDS  # subjects without which a label is not scored


def read_labels(subjects: str | Path, sids: list[str], names: str) -> pd.DataFrame | None:
    """Columns of the subject table for `probe`, in the order of `sids`.

    Parameters
    ----------
    subjects : path
        ``subjects.parquet`` of a run.
    names : str
        Column names, separated by commas. Those that this cohort does not have, or not as numbers, are left out.

    Returns
    -------
    DataFrame or None
        None without any such column.
    """
    table = pd.read_parquet(subjects).set_index("sid").select_dtypes("number")
    chosen = [name for name in (part.strip() for part in names.split(",")) if name in table]
    return table.loc[sids, chosen] if chosen else None


@torch.no_grad()
def probe(encoder: Encoder, store, locations: Tensor, size: int, labels: pd.DataFrame, landmarks: int = 8,
          subjects: int = 512, seed: int = 0) -> dict[str, float]:  # fmt: skip
    """Cross-validated R² of a ridge regression of each label on the mean representation of a few landmarks.

    Each landmark's patches are normalised by their own batch statistics, as in training, because running statistics
    belong to the landmarks seen last.

    Parameters
    ----------
    encoder : Encoder
        Not changed.
    store : PatchStore
    locations : Tensor [L, 3]
        On the encoder's device.
    size : int
        Voxels per side of the views.
    labels : DataFrame
        Numbers, one row per subject of the store and in its order; missing values are left out.
    landmarks, subjects : int
        At most so many, chosen by `seed`: the same in every epoch.

    Returns
    -------
    dict
        R² by label, at most 1 and below 0 where the mean is the better guess; NaN with fewer than ten subjects.
    """
    encoder = copy.deepcopy(encoder).train()
    random = np.random.default_rng([seed, 2])
    chosen = random.permutation(len(locations))[:landmarks]
    people = np.sort(random.permutation(len(store.sids))[:subjects])
    total = 0.0
    for landmark in chosen:
        views = center_views(torch.from_numpy(store.read(int(landmark), people)), size)[:, None]
        total = total + encoder(views.to(locations.device), locations[landmark]).float()
    features = (total / len(chosen)).cpu().numpy()
    return {name: _score(features, labels[name].to_numpy(dtype=float)[people], seed) for name in labels}


def _score(features: np.ndarray, label: np.ndarray, seed: int) -> float:
    known = np.isfinite(label)
    if known.sum() < LEAST or np.ptp(label[known]) == 0:
        return float("nan")
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 5, 13)))
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    predicted = cross_val_predict(model, features[known], label[known], cv=folds)
    return float(1 - np.mean((label[known] - predicted) ** 2) / np.var(label[known]))
