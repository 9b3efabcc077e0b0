"""Contrast by partition of the body, and by region of a patch (Chaitanya et al. 2020), as pure functions."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

NOTHING = -1e4  # a similarity that adds nothing to a sum of exponentials


def slabs(heights: np.ndarray, count: int) -> np.ndarray:
    """Returns the slab of each landmark, int [L], from the lowest, 0, to the highest.

    The heights at which landmarks lie are dealt out evenly; with fewer heights than slabs there are fewer slabs.

    Parameters
    ----------
    heights : float [L]
        z in mm.
    count : int
        Slabs.
    """
    levels, level = np.unique(np.round(heights, 3), return_inverse=True)
    sizes = [len(part) for part in np.array_split(levels, count)]
    return np.repeat(np.arange(count), sizes)[level.reshape(-1)]


def partners(partitions: np.ndarray, subjects: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Returns for each sample the next one of its partition that is of another subject, int [B]; -1 where none is.

    Parameters
    ----------
    partitions, subjects : int [B]
    order : int [B]
        Places of the samples in a ring, in which the next one is looked for.
    """
    found = np.full(len(order), -1)
    ring = np.argsort(order)
    for partition in np.unique(partitions):
        members = ring[partitions[ring] == partition]
        for place, member in enumerate(members):
            following = np.roll(members, -place - 1)
            others = following[subjects[following] != subjects[member]]
            found[member] = others[0] if len(others) else -1
    return found


def pair_losses(similarity: Tensor, first: Tensor, second: Tensor, negative: Tensor) -> Tensor:
    """Returns -log(e^s_ab / (e^s_ab + sum of e^s_an over the negatives n of a)) of pairs (a, b) (Eq. 1).

    Parameters
    ----------
    similarity : Tensor [M, M]
        s, cosine by temperature.
    first, second : int Tensor [P]
        a and b.
    negative : bool Tensor [M, M]
        True where the second is a negative of the first.
    """
    against = similarity.masked_fill(~negative, NOTHING).logsumexp(dim=1)
    return F.softplus(against[first] - similarity[first, second])


def both_ways(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the pairs and the same the other way round."""
    return torch.cat([first, second]), torch.cat([second, first])


def strategy_negatives(strategy: str, partitions: Tensor, forms: int) -> Tensor:
    """Returns which forms of samples are negatives of which, bool [F B, F B], all samples of the first form first.

    ``R``: every other sample's; ``D-`` and ``D``: those of other partitions.

    Parameters
    ----------
    strategy : str
    partitions : int Tensor [B]
    forms : int
        F.
    """
    which = torch.arange(len(partitions), device=partitions.device) if strategy == "R" else partitions
    which = which.repeat(forms)
    return which[:, None] != which


def global_loss(embedded: Tensor, negative: Tensor, partner: Tensor | None, temperature: float) -> Tensor:
    """Mean of `pair_losses` over all positive pairs, in both directions: the global loss (Eq. 2 and 3).

    Pairs are any two forms of a sample. With partners, also a sample and its partner in the same form; each kind of
    pair has half of the weight, as in a full ring of the authors' code.

    Parameters
    ----------
    embedded : Tensor [F, B, C]
        Of unit length: the samples in each of their forms.
    negative : bool Tensor [F B, F B]
        As from `strategy_negatives`.
    partner : int Tensor [B], optional
        As from `partners`.
    temperature : float
    """
    forms, batch = embedded.shape[:2]
    flat = embedded.flatten(0, 1)
    similarity, samples = flat @ flat.T / temperature, torch.arange(batch, device=flat.device)
    pairs = [(one * batch + samples, other * batch + samples) for one, other in combinations(range(forms), 2)]
    own = [pair_losses(similarity, *both_ways(*pair), negative) for pair in pairs]
    loss = torch.cat(own).mean()
    if partner is None or not (there := partner >= 0).any():
        return loss
    pairs = [(form * batch + samples[there], form * batch + partner[there]) for form in range(forms)]
    across = [pair_losses(similarity, *both_ways(*pair), negative) for pair in pairs]
    return (loss + torch.cat(across).mean()) / 2


@torch.no_grad()
def found_first(embedded: Tensor, negative: Tensor) -> Tensor:
    """Returns how often a sample's last form is more like the one before than all negatives of that are, a scalar.

    Parameters as in `global_loss`.
    """
    one, other = embedded[-2], embedded[-1]
    similarity = one @ embedded.flatten(0, 1).T
    rows = negative.unflatten(0, embedded.shape[:2])[-2]
    hardest = similarity.masked_fill(~rows, -torch.inf).amax(dim=1)
    return ((one * other).sum(dim=1) > hardest).float().mean()


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
