"""What the location does to an encoder: its routing weights over the lungs, and how far kernels change with them."""

from __future__ import annotations

import numpy as np
import torch

from drasclr_core.model.encoder import Encoder
from drasclr_core.model.locconv import LocCondConv3d

PAIRS = 200


@torch.no_grad()
def routing_weights(encoder: Encoder, locations: np.ndarray) -> np.ndarray:
    """Returns alpha_k(p) of Eq. 4 for every layer at every location, float [layers, L, experts].

    Parameters
    ----------
    encoder : Encoder
        Conditioned by Loc-CondConv.
    locations : float [L, 3]
        In [-1, 1].

    Raises
    ------
    ValueError
        For an encoder without routing weights.
    """
    layers = [block.conv for block in encoder.blocks]
    if not all(isinstance(layer, LocCondConv3d) for layer in layers):
        raise ValueError(f"An encoder with conditioning {encoder.conditioning!r} has no routing weights.")
    told = torch.as_tensor(np.asarray(locations), dtype=encoder.dtype, device=encoder.device)
    return np.stack([torch.sigmoid(layer.routing(told)).float().cpu().numpy() for layer in layers])


@torch.no_grad()
def kernel_change(encoder: Encoder, locations: np.ndarray, seed: int = 0) -> np.ndarray:
    """Returns how far the kernels at two places differ, per layer, float [layers].

    The root mean square of |W(p) - W(q)| over random pairs of locations, divided by that of |W(p)|: 0 where the place
    changes nothing; 1.41 for kernels that have nothing in common.
    """
    random = np.random.default_rng(seed).integers(len(locations), size=(2, PAIRS))
    told = torch.as_tensor(np.asarray(locations), dtype=encoder.dtype, device=encoder.device)
    changes = []
    for block in encoder.blocks:
        moved = length = 0.0
        for first, second in random.T:
            one, other = block.conv.kernels(told[first]), block.conv.kernels(told[second])
            moved, length = moved + (one - other).square().sum(), length + one.square().sum()
        changes.append(float((moved / length).sqrt()))
    return np.array(changes)
