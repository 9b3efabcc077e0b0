"""Where the deformable attention of a joint training looks, beside the same network untrained."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from drasclr_core.image_volume import looked_at
from drasclr_core.methods import load_encoder
from drasclr_core.methods.stage import PretrainingStage
from drasclr_core.model.inputs import center_views
from drasclr_core.represent.untrained import untrained_encoder
from drasclr_core.run import Run

LANDMARKS = 8
"""From which the patches come."""


class Looks(NamedTuple):
    """Where attention looks in some patches.

    Attributes
    ----------
    places : float [layers, N, heads, m]
        In slices from the first one on.
    even : float [m]
        Where they would be without offsets.
    table : DataFrame
        ``layer, head, moved`` (mean distance from there, slices), ``spread`` (standard deviation over patches, slices)
        and, of the network untrained, ``moved_untrained, spread_untrained``.
    slices : int
        Of a patch.
    reach : float
        How far a place may move, slices.
    """

    places: np.ndarray
    even: np.ndarray
    table: pd.DataFrame
    slices: int
    reach: float


def joint_looks(run: Run, name: str, patches: int = 64, seed: int = 0) -> Looks | None:
    """Returns where the attention of a training of patches looks; None where it has no places.

    Parameters
    ----------
    run : Run
    name : str
        Of the training.
    patches : int
        In which it is watched, about.
    seed : int
        Draws them, and the weights of the untrained network.
    """
    encoder = load_encoder(run.pretrain(name))
    if encoder.attention != "deformable" or encoder.sees != "patches":
        return None
    store, rng = PretrainingStage.of(run, {"method": "joint"}).store, np.random.default_rng(seed)
    slices = encoder.description["patch_size"]
    landmarks = rng.choice(store.num_landmarks, min(LANDMARKS, store.num_landmarks), replace=False)
    people = rng.choice(len(store.sids), min(max(2, patches // len(landmarks)), len(store.sids)), replace=False)
    stored = np.concatenate([store.read(int(landmark), people) for landmark in landmarks])
    volumes = center_views(torch.from_numpy(stored), slices)[:, None]
    places, even = looked_at(encoder, volumes)
    before, _ = looked_at(untrained_encoder(encoder, store, seed), volumes)
    rows = [{"layer": layer + 1, "head": head + 1, **_measured(places[layer, :, head], even),
             **{f"{name}_untrained": value for name, value in _measured(before[layer, :, head], even).items()}}
            for layer in range(len(places)) for head in range(places.shape[2])]  # fmt: skip
    reach = encoder.reach * float(even[1] - even[0]) if len(even) > 1 else 0.0
    return Looks(places.numpy(), even.numpy(), pd.DataFrame(rows), slices, reach)


def _measured(places: torch.Tensor, even: torch.Tensor) -> dict[str, float]:
    """Of the places [N, m] of one head."""
    return {"moved": float((places - even).abs().mean()), "spread": float(places.std(dim=0).mean())}
