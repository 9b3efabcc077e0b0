"""What one step of momentum contrast compares, its losses, and what is watched of it (paper Sections 2.3 to 2.5)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from drasclr_core.model.losses import alignment, chance_loss, contrast_logits, local_loss, neighbor_loss, uniformity
from drasclr_core.model.memory_bank import ConditionalMemoryBank
from drasclr_core.pretrain.shards import BatchShard

WATCHED = ("negatives", "from_bank", "chance", "accuracy", "alignment", "uniformity")


class Contrast(NamedTuple):
    """Embeddings of unit length, [b, C] of one landmark or [P, b, C] of a block of P.

    Attributes
    ----------
    query, key : Tensor [(P,) b, C]
        Of this process's subjects.
    neighbors : Tensor [(P,) b, R, C] or None
        Of the neighbouring landmarks; in a block already summed, R = 1.
    negatives : Tensor [(P,) K, C]
    mask : bool Tensor [(P,) b, K]
        True where a negative must be left out: it is the query's own subject's, or too old.
    from_bank : bool Tensor [(P,) K]
        True where a negative was made in an earlier step.
    """

    query: Tensor
    key: Tensor
    neighbors: Tensor | None
    negatives: Tensor
    mask: Tensor
    from_bank: Tensor

    def losses(self, temperature: float) -> tuple[Tensor, Tensor]:
        """Returns the local and the neighbouring loss (Eq. 6 and 8), the second 0 without neighbours."""
        others = (self.key, self.negatives, temperature, self.mask)
        local = local_loss(self.query, *others)
        return local, torch.zeros_like(local) if self.neighbors is None else neighbor_loss(self.neighbors, *others)

    @torch.no_grad()
    def watched(self, temperature: float) -> tuple[Tensor, ...]:
        """Returns the numbers of `WATCHED`: negatives per query, how many of them came from the bank, the loss of who
        guesses, how often the key is the most similar, and two properties of the embedding, mean over landmarks."""
        left = self.mask.logical_not()
        logits = contrast_logits(self.query, self.key, self.negatives, temperature, self.mask)
        accuracy = (logits.argmax(dim=-1) == 0).float().mean()
        older = (left & self.from_bank.unsqueeze(-2)).sum(dim=-1).float().mean()
        by_landmark = self.query.reshape(-1, *self.query.shape[-2:])
        spread = torch.stack([uniformity(one) for one in by_landmark]).mean()
        return (left.sum(dim=-1).float().mean(), older, chance_loss(self.mask), accuracy,
                alignment(self.query, self.key), spread)  # fmt: skip


def against_bank(bank: ConditionalMemoryBank, landmarks: int | list[int], subjects: np.ndarray, shard: BatchShard,
                 query: Tensor, keys: Tensor, neighbors: Tensor | None = None, fresh: bool = True
                 ) -> Contrast:  # fmt: skip
    """Enqueues the keys of a batch and takes the negatives of its queries.

    Parameters
    ----------
    bank : ConditionalMemoryBank
        Changed. Several processes end up with the same bank.
    landmarks : int or list of P int
    subjects : int [B]
        Of the whole batch.
    shard : BatchShard
        Whose ``rows`` [b] the queries are of.
    query, neighbors : Tensor [(P,) b, C] and [(P,) b, R, C] or None
    keys : Tensor [(P,) B, C]
        Of the whole batch.
    fresh : bool
        Enqueue first, so that the keys of the batch's other subjects are negatives too; otherwise after the negatives
        are taken.
    """
    people, rows = (torch.from_numpy(np.asarray(one)).to(keys.device) for one in (subjects, shard.rows))
    if fresh:
        bank.enqueue(landmarks, keys, people)
    negatives, mask = bank.negatives(landmarks, people[rows])
    from_bank = bank.age(landmarks) > fresh  # a step's own keys have an age of 1 once they are in the bank
    if not fresh:
        bank.enqueue(landmarks, keys, people)
    neighbors = None if neighbors is None else neighbors.to(keys)
    return Contrast(query.to(keys), keys[..., rows, :], neighbors, negatives, mask, from_bank)
