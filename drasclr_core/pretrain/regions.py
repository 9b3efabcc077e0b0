"""Contrast by region of a patch, the local loss of Chaitanya et al. 2020, as pure functions."""

from __future__ import annotations

from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def regions(edge: int, region: int, negatives: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns where the regions of a map start, int [R, 3], and the nearest that do not overlap with each, int [R, K].

    They are the corners, the middles between them and the centre, and the eight quarter points: in 3D what the
    published 13 are in 2D.

    Parameters
    ----------
    edge, region : int
        Voxels per side of the map, and of a region.
    negatives : int
        K, or as many as every region has.

    Raises
    ------
    ValueError
        For regions larger than half of the map.
    """
    if region > edge // 2:
        raise ValueError(f"Regions of {region} voxels a side do not fit a map of {edge}: take more decoder blocks.")
    last = edge - region
    coarse, fine = (0, last // 2, last), (last // 4, 3 * last // 4)
    starts = np.array(sorted({*product(coarse, repeat=3), *product(fine, repeat=3)}))
    apart = np.abs(starts[:, None] - starts)
    distance = np.where((apart < region).all(axis=2), np.inf, np.linalg.norm(apart, axis=2))
    most = min(negatives, int(np.isfinite(distance).sum(axis=1).min()))
    return starts, np.argsort(distance, axis=1, kind="stable")[:, :most]


def region_loss(first: Tensor, second: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    """Local loss L^R: a region finds itself in the other view of its patch among other regions of both views (Eq. 4).

    Parameters
    ----------
    first, second : Tensor [B, R, C]
        Embeddings, of unit length, of the regions in two views that differ in intensities only.
    negatives : int Tensor [P, K]
        Of the first P regions, which are contrasted, their negatives among all.
    temperature : float
    """
    losses = []
    for own, other in ((first, second), (second, first)):
        anchor = own[:, : len(negatives)]
        positive = (anchor * other[:, : len(negatives)]).sum(dim=-1) / temperature
        against = torch.cat([own[:, negatives], other[:, negatives]], dim=2)  # [B, P, 2 K, C]
        against = torch.einsum("bpc,bpkc->bpk", anchor, against) / temperature
        losses.append(F.softplus(against.logsumexp(dim=-1) - positive))
    return torch.stack(losses).mean()
