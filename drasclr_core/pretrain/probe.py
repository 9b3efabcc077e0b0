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

from drasclr_core.model.inputs import center_views
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.pretrain.statistics import estimate_statistics

FOLDS = 5
BATCHES = 8  # from which batch norm's statistics are estimated each time
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
def probe(encoder: PatchEncoder, store, locations: Tensor, size: int, labels: pd.DataFrame, landmarks: int = 8,
          subjects: int = 512, seed: int = 0) -> dict[str, float]:  # fmt: skip
    """Cross-validated R² of a ridge regression of each label on the mean representation of a few landmarks.

    The patches are normalised as for the features of the tables (see `estimate_statistics`), by fewer batches.

    Parameters
    ----------
    encoder : PatchEncoder
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
    random = np.random.default_rng([seed, 2])
    chosen = random.permutation(len(locations))[:landmarks]
    people = np.sort(random.permutation(len(store.sids))[:subjects])
    encoder = _as_in_tables(encoder, store, locations, size, seed)
    total = 0.0
    for landmark in chosen:
        views = center_views(torch.from_numpy(store.read(int(landmark), people)), size)[:, None]
        total = total + encoder(views.to(locations.device), locations[landmark]).float()
    features = (total / len(chosen)).cpu().numpy()
    return {name: probe_score(features, labels[name].to_numpy(dtype=float)[people], seed) for name in labels}


def _as_in_tables(encoder: PatchEncoder, store, locations: Tensor, size: int, seed: int) -> PatchEncoder:
    """A copy of the encoder, normalised as in the tables.

    For landmark norm that is train mode, with statistics of the subjects that are probed. What is kept after training
    is of as many subjects as `keep_statistics` draws, so that the two agree as samples of the same cohort do.
    """
    encoder = copy.deepcopy(encoder).train()
    if getattr(encoder, "interpolation", None) is not None:
        return encoder
    estimate_statistics(encoder, store, locations, size, seed, batches=BATCHES, shown=False)
    return encoder


def probe_score(features: np.ndarray, label: np.ndarray, seed: int) -> float:
    """Returns the R² of a ridge readout of features [N, D] over five folds drawn by `seed`; NaN for few labels."""
    known = np.isfinite(label)
    if known.sum() < LEAST or np.ptp(label[known]) == 0:
        return float("nan")
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 5, 13)))
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    predicted = cross_val_predict(model, features[known], label[known], cv=folds)
    return float(1 - np.mean((label[known] - predicted) ** 2) / np.var(label[known]))
