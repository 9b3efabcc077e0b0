"""DrasCLR: query and key networks, the bank, and one training step's two losses (paper Sections 2.3 to 2.5)."""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.model.encoder import Encoder, ProjectionHead, check_locations
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.model.losses import contrast_logits
from drasclr_core.model.memory_bank import ConditionalMemoryBank
from drasclr_core.pretrain.shards import BatchShard


class Contrast(NamedTuple):
    """What one step contrasts: embeddings [B, C] and logits [B, 1 + K] whose column 0 is the positive."""

    query: Tensor
    key: Tensor
    local: Tensor
    neighbor: Tensor | None


class Network(nn.Module):
    """f = g(e(x, p)), normalised to unit length."""

    def __init__(self, encoder: Encoder, head: ProjectionHead):
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        return F.normalize(self.head(self.encoder(x, location)), dim=1)


class DrasCLR(nn.Module):
    """The model that is pretrained; ``model.query.encoder`` is what the rest of the project uses.

    Parameters
    ----------
    locations : Tensor [L, 3]
        Location of every landmark, in [-1, 1].
    encoder : Encoder
    head : ProjectionHead
    bank : ConditionalMemoryBank
        For the same L landmarks and the head's output length.
    temperature : float
    key_momentum : float
        m in "key = m key + (1 - m) query" of the weights.
    fresh_negatives : bool
        Put a batch's keys into the bank before the batch is contrasted, so that the other subjects of the batch are
        negatives too: they are of the same landmark, and of the same age as the positive. False contrasts first, as
        the authors' code does.
    """

    def __init__(self, locations: Tensor, encoder: Encoder, head: ProjectionHead, bank: ConditionalMemoryBank,
                 temperature: float = 0.2, key_momentum: float = 0.999, fresh_negatives: bool = True):  # fmt: skip
        super().__init__()
        check_locations(locations)
        self.temperature, self.key_momentum = temperature, key_momentum
        self.fresh_negatives = fresh_negatives
        self.register_buffer("locations", locations, persistent=False)
        self.query = Network(encoder, head)
        self.key = copy.deepcopy(self.query).requires_grad_(False)
        self.bank = bank

    def forward(self, landmark: int, query: Tensor, key: Tensor, subjects: Tensor, neighbors: Tensor | None = None,
                neighbor_landmarks: list[int] | None = None, share: BatchShard | None = None) -> Contrast:  # fmt: skip
        """Contrast one batch of one landmark, and put its keys into the bank.

        Of several processes each gets its share of the batch, and all end up with the same bank.

        Parameters
        ----------
        landmark : int
        query : Tensor [b, 1, n, n, n]
            One view of the patches of ``share.rows``.
        key : Tensor [b', 1, n, n, n]
            Another view of the patches of ``share.key_rows``.
        subjects : int Tensor [B]
            Of the whole batch.
        neighbors : Tensor [b, R, n, n, n], optional
            One view of each of the R neighbouring patches; without them there is no neighbouring loss.
        neighbor_landmarks : list of R int, optional
        share : Share, optional
            By default this process has the whole batch, in order, and its keys go through batch norm together.
        """
        share = share or BatchShard.whole(len(subjects))
        location = self.locations[landmark]
        q = self.query(query, location)
        r = None if neighbors is None else self._embed_neighbors(neighbors, neighbor_landmarks)
        self._update_key_network()
        keys = self._embed_keys(key, location, share)
        rows = torch.from_numpy(share.rows).to(keys.device)
        with torch.autocast(keys.device.type, enabled=False):  # similarities need more digits than bf16 has
            return self._contrast(landmark, q.to(keys), None if r is None else r.to(keys), keys, subjects, rows)

    def _contrast(self, landmark: int, q: Tensor, r: Tensor | None, keys: Tensor, subjects: Tensor, rows: Tensor
                  ) -> Contrast:  # fmt: skip
        if self.fresh_negatives:
            self.bank.enqueue(landmark, keys, subjects)
        negatives, own = self.bank.negatives(landmark, subjects[rows])
        k = keys[rows]
        local = contrast_logits(q, k, negatives, self.temperature, own)
        neighbor = None if r is None else contrast_logits(r.sum(dim=1), k, negatives, self.temperature, own)
        if not self.fresh_negatives:
            self.bank.enqueue(landmark, keys, subjects)
        return Contrast(q, k, local, neighbor)

    def _embed_neighbors(self, neighbors: Tensor, landmarks: list[int]) -> Tensor:
        """Embeddings [B, R, C]; all B R patches share one set of batch statistics, as in the authors' code."""
        batch, count = neighbors.shape[:2]
        groups = LocationGroups(self.locations[landmarks], [batch] * count)
        by_landmark = neighbors.transpose(0, 1).flatten(0, 1)[:, None]  # [R B, 1, n, n, n]
        return self.query(by_landmark, groups).unflatten(0, (count, batch)).transpose(0, 1)

    @torch.no_grad()
    def _update_key_network(self) -> None:
        torch._foreach_lerp_(list(self.key.parameters()), list(self.query.parameters()), 1 - self.key_momentum)

    @torch.no_grad()
    def _embed_keys(self, key: Tensor, location: Tensor, share: BatchShard) -> Tensor:
        """Keys [B, C] of the whole batch, from all processes, in the batch's order."""
        parts = key.split([len(part) for part in share.key_parts])
        own = torch.cat([self.key(part, location) for part in parts])
        keys = self.bank.keys.new_zeros(share.size, self.bank.keys.shape[-1])
        keys[torch.from_numpy(share.key_rows).to(keys.device)] = own.to(keys)
        if dist.is_available() and dist.is_initialized():
            dist.all_reduce(keys)  # every row is zero but in the process that made it
        return keys
