"""DrasCLR: query and key networks, the bank, and one training step's two losses (paper Sections 2.3 to 2.5)."""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.model.encoder import Encoder, ProjectionHead, check_locations
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.model.losses import contrast_logits
from drasclr_core.model.memory_bank import ConditionalMemoryBank


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
    key_splits : int
        In how many random parts the key batch goes through batch norm. With 1, a key shares its statistics with the
        patches whose other views are the queries; keys of other batches do not, so among those the positive could be
        told by its statistics. It cannot among the keys of its own batch, which `fresh_negatives` adds. 2 or more do
        on one device what MoCo's shuffling does between devices, but statistics of a small part are noisy: the
        deepest layers see one voxel per patch.
    fresh_negatives : bool
        Put a batch's keys into the bank before the batch is contrasted, so that the other subjects of the batch are
        negatives too: they are of the same landmark, and of the same age as the positive. False contrasts first, as
        the authors' code does.
    """

    def __init__(self, locations: Tensor, encoder: Encoder, head: ProjectionHead, bank: ConditionalMemoryBank,
                 temperature: float = 0.2, key_momentum: float = 0.999, key_splits: int = 1,
                 fresh_negatives: bool = True):  # fmt: skip
        super().__init__()
        check_locations(locations)
        self.temperature, self.key_momentum = temperature, key_momentum
        self.key_splits, self.fresh_negatives = key_splits, fresh_negatives
        self.register_buffer("locations", locations, persistent=False)
        self.query = Network(encoder, head)
        self.key = copy.deepcopy(self.query).requires_grad_(False)
        self.bank = bank

    def forward(self, landmark: int, query: Tensor, key: Tensor, subjects: Tensor, neighbors: Tensor | None = None,
                neighbor_landmarks: list[int] | None = None, order: Tensor | None = None) -> Contrast:  # fmt: skip
        """Contrast one batch of one landmark, and put its keys into the bank.

        Parameters
        ----------
        landmark : int
        query, key : Tensor [B, 1, n, n, n]
            Two views of each subject's patch.
        subjects : int Tensor [B]
        neighbors : Tensor [B, R, n, n, n], optional
            One view of each of the R neighbouring patches; without them there is no neighbouring loss.
        neighbor_landmarks : list of R int, optional
        order : int Tensor [B], optional
            Permutation of the key batch before it is split for batch norm.
        """
        location = self.locations[landmark]
        q = self.query(query, location)
        r = None if neighbors is None else self._embed_neighbors(neighbors, neighbor_landmarks)
        self._update_key_network()
        k = self._embed_keys(key, location, order)
        if self.fresh_negatives:
            self.bank.enqueue(landmark, k, subjects)
        negatives, own = self.bank.negatives(landmark, subjects)
        local = contrast_logits(q, k, negatives, self.temperature, own)
        neighbor = None if r is None else contrast_logits(r.sum(dim=1), k, negatives, self.temperature, own)
        if not self.fresh_negatives:
            self.bank.enqueue(landmark, k, subjects)
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
    def _embed_keys(self, key: Tensor, location: Tensor, order: Tensor | None) -> Tensor:
        splits = min(self.key_splits, len(key) // 2)  # batch norm needs two samples
        if splits < 2:
            return self.key(key, location)
        order = torch.arange(len(key), device=key.device) if order is None else order
        parts = [self.key(key[part], location) for part in order.tensor_split(splits)]
        return torch.cat(parts)[order.argsort()]
