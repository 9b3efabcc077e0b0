"""The contrastive losses of DrasCLR (paper Sections 2.3 to 2.5) and two measures of the embedding, as pure functions.

All embeddings are L2-normalised: query, key [B, C], neighbours [B, R, C], negatives [K, C]. Several landmarks at once
have a leading dimension more, and one mean over all.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def contrast_logits(query: Tensor, key: Tensor, negatives: Tensor, temperature: float, mask: Tensor | None = None
                    ) -> Tensor:  # fmt: skip
    """Similarities of each query with its key (column 0) and with the negatives, divided by the temperature.

    Parameters
    ----------
    query, key : Tensor [B, C]
    negatives : Tensor [K, C]
    temperature : float
    mask : bool Tensor [B, K], optional
        True where a negative must be left out, because it comes from the query's own subject.

    Returns
    -------
    Tensor [B, 1 + K]
    """
    positive = (query * key).sum(dim=-1, keepdim=True)
    negative = query @ negatives.mT
    if mask is not None:
        negative = negative.masked_fill(mask, -torch.inf)
    return torch.cat([positive, negative], dim=-1) / temperature


def contrast_loss(logits: Tensor) -> Tensor:
    """Mean cross entropy of `contrast_logits` with the positive in column 0."""
    logits = logits.flatten(0, -2)
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=logits.device))


def chance_loss(mask: Tensor) -> Tensor:
    """Mean over queries of ln(N + 1), N its negatives that `mask` [B, K] leaves: the loss of who has learnt nothing."""
    return mask.logical_not().sum(dim=-1).float().log1p().mean()


def local_loss(query: Tensor, key: Tensor, negatives: Tensor, temperature: float, mask: Tensor | None = None) -> Tensor:
    """Local contrastive loss (Eq. 6): tell the other view of a patch from other subjects' patches of the same landmark.

    Parameters as in `contrast_logits`. Returns a scalar, about `chance_loss` when nothing has been learnt.
    """
    return contrast_loss(contrast_logits(query, key, negatives, temperature, mask))


def neighbor_loss(neighbors: Tensor, key: Tensor, negatives: Tensor, temperature: float, mask: Tensor | None = None
                  ) -> Tensor:  # fmt: skip
    """Neighbouring contrastive loss (Eq. 8): the patches around a landmark find its key together.

    Parameters
    ----------
    neighbors : Tensor [B, R, C]
        Embeddings of the R neighbouring patches. As in the authors' code their logits are summed, not averaged,
        before the softmax.
    key, negatives, temperature, mask
        As in `contrast_logits`.
    """
    return contrast_loss(contrast_logits(neighbors.sum(dim=-2), key, negatives, temperature, mask))


def alignment(query: Tensor, key: Tensor) -> Tensor:
    """Mean squared distance of positive pairs, 0 to 4, lower is better (Wang and Isola 2020)."""
    return (query - key).square().sum(dim=-1).mean()


def uniformity(query: Tensor) -> Tensor:
    """Log of the mean Gaussian potential of a batch, 0 (collapsed) down to about -4 (Wang and Isola 2020)."""
    return torch.pdist(query.float()).square().mul(-2).exp().mean().log()
