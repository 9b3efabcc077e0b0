"""Contrast by partition of the body (Chaitanya et al. 2020), as pure functions."""

from __future__ import annotations

from itertools import combinations

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
