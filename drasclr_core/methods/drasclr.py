"""DrasCLR: local and neighbouring contrast of one landmark at a time (paper Sections 2.3 to 2.5 and 3)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from drasclr_core.methods.row import Row
from drasclr_core.model import ConditionalMemoryBank, Encoder, ProjectionHead
from drasclr_core.model.encoder import check_locations
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.model.losses import alignment, contrast_logits, local_loss, neighbor_loss, uniformity
from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.momentum import ProjectedEncoder, embed_keys, follow, key_network
from drasclr_core.pretrain.sampling import Batch, LandmarkSampler
from drasclr_core.pretrain.settings import TrainingSettings
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import Patches, Views, draw_views, read_patches


@dataclass(frozen=True)
class DrasCLRSettings(TrainingSettings):
    """Settings of DrasCLR; the defaults are the paper's (Section 3) but for the three that end the list.

    Attributes
    ----------
    bank_size : int
        Negatives per landmark, K.
    conditioning : str
        How the location enters the encoder (see `Encoder`).
    num_experts, rep_dim, dim : int
        Experts of every Loc-CondConv layer, length of the representation and of the contrasted embedding.
    neighbors : int
        R; 0 leaves out the neighbouring loss.
    beta, temperature, key_momentum : float
        Weight of the neighbouring loss, softmax temperature, m of the key network.
    key_splits : int
        Parts in which each process's keys go through batch norm. With 1, a key shares its statistics with the patches
        whose other views are the queries; keys of other batches do not, so among those the positive could be told by
        its statistics. It cannot among the keys of its own batch, which `fresh_negatives` adds. 2 or more do on one
        device what shuffling does between several, but statistics of a small part are noisy: the deepest layers see
        one voxel per patch.
    fresh_negatives : bool
        Put a batch's keys into the bank before the batch is contrasted, so that the other subjects of the batch are
        negatives too: they are of the same landmark, and of the same age as the positive. False contrasts first, as
        the authors' code does.
    max_key_age : int
        Steps for which a key may serve as a negative (see `ConditionalMemoryBank`); 0 is no limit, as in the
        authors' code. A quarter of the key network's memory, 1 / (1 - key_momentum) steps, is a good value.
    landmark_run_length : int
        Batches of one landmark in a row (see `LandmarkSampler`).
    """

    bank_size: int = 4096
    conditioning: str = "loc-condconv"
    num_experts: int = 8
    rep_dim: int = 128
    dim: int = 128
    neighbors: int = 2
    beta: float = 1.0
    temperature: float = 0.2
    key_momentum: float = 0.999
    key_splits: int = 1
    fresh_negatives: bool = True
    max_key_age: int = 250
    landmark_run_length: int = 32


class Contrast(NamedTuple):
    """What one step contrasts, all of unit length.

    Attributes
    ----------
    query, key : Tensor [b, C]
        Of this process's subjects.
    neighbors : Tensor [b, R, C] or None
    negatives : Tensor [K, C]
    mask : bool Tensor [b, K]
        True where a negative must be left out: it is the query's own subject's, or too old.
    """

    query: Tensor
    key: Tensor
    neighbors: Tensor | None
    negatives: Tensor
    mask: Tensor


class DrasCLR(Method):
    """Query and key networks and the conditional memory bank; ``query.encoder`` is kept.

    Parameters
    ----------
    settings : DrasCLRSettings
    atlas : Atlas
    """

    row = Row("DrasCLR", "#0072B2", 600, {
        "table2": "Ours", "table3": "Imaging: Ours", "table4": "Ours", "table8": "# Neighbors = 2 (Ours)",
        "table9": "Ours (healthy atlas)",
    })  # fmt: skip
    Settings = DrasCLRSettings
    takes = DrasCLRSettings.names()
    curves = MappingProxyType({"loss_local": "local", "loss_neighbor": "neighbouring"})
    metrics = ("loss_local", "loss_neighbor", "negatives", "accuracy", "alignment", "uniformity")

    def __init__(self, settings: DrasCLRSettings, atlas):
        super().__init__(settings, atlas)
        check_locations(self.locations)
        self.near = np.asarray(atlas.neighbors(settings.neighbors)).tolist() if settings.neighbors else None
        encoder = Encoder(settings.rep_dim, settings.num_experts, settings.conditioning)
        head = ProjectionHead(settings.rep_dim, settings.dim)
        self.bank = ConditionalMemoryBank(
            len(self.locations), settings.bank_size, settings.dim, settings.max_key_age or None
        )
        self.query = ProjectedEncoder(encoder, head)
        self.key = key_network(self.query)
        if settings.compile:
            self.query.compile(mode=settings.compile)
            self.key.compile(mode=settings.compile)

    @property
    def encoder(self) -> Encoder:
        return self.query.encoder

    @classmethod
    def guessing(cls, settings: DrasCLRSettings) -> dict:
        choices = settings.bank_size + 1
        return {"loss": math.log(choices), "formula": "ln(K + 1)", "accuracy": 1 / choices}

    def sampler(self, subjects: int, processes: int) -> LandmarkSampler:
        settings = self.settings
        return LandmarkSampler(len(self.locations), subjects, settings.batch_size, settings.landmark_run_length,
                               settings.seed, processes)  # fmt: skip

    def key_splits(self) -> int:
        return self.settings.key_splits

    def read(self, store, batch: Batch, shard: BatchShard) -> Patches:
        return read_patches(store, batch, None if self.near is None else self.near[batch.landmark], shard)

    def views(self, patches: Patches, generator: torch.Generator, shard: BatchShard) -> Views:
        return draw_views(self.settings.augmentation, patches, generator, shard)

    def step(self, batch: Batch, views: Views, shard: BatchShard) -> tuple[Tensor, Iterable[Tensor]]:
        """Local and neighbouring loss of one landmark's batch (Eq. 6, 8 and 9), whose keys go into the bank."""
        settings, made = self.settings, self.contrast(batch, views, shard)
        with torch.autocast(made.key.device.type, enabled=False):  # similarities need more digits than bf16 has
            others = (made.key, made.negatives, settings.temperature, made.mask)
            local, neighbor = local_loss(made.query, *others), torch.zeros_like(made.key[0, 0])
            if made.neighbors is not None:
                neighbor = neighbor_loss(made.neighbors, *others)
            return local + settings.beta * neighbor, (local, neighbor, *self._watched(made))

    def contrast(self, batch: Batch, views: Views, shard: BatchShard) -> Contrast:
        """Embeds a batch and puts its keys into the bank. Several processes end up with the same bank."""
        location = self.locations[batch.landmark]
        subjects = torch.from_numpy(np.asarray(batch.subjects)).to(location.device)
        query = self.query(views.query, location)
        neighbors = None
        if views.neighbors is not None:
            neighbors = self.embed_neighbors(views.neighbors, self.near[batch.landmark])
        follow(self.key, self.query, self.settings.key_momentum)
        keys = embed_keys(self.key, views.key, location, shard)
        rows = torch.from_numpy(shard.rows).to(keys.device)
        if self.settings.fresh_negatives:
            self.bank.enqueue(batch.landmark, keys, subjects)
        negatives, mask = self.bank.negatives(batch.landmark, subjects[rows])
        if not self.settings.fresh_negatives:
            self.bank.enqueue(batch.landmark, keys, subjects)
        neighbors = None if neighbors is None else neighbors.to(keys)
        return Contrast(query.to(keys), keys[rows], neighbors, negatives, mask)

    def embed_neighbors(self, views: Tensor, landmarks: list[int]) -> Tensor:
        """Returns embeddings [b, R, C] of views [b, R, n, n, n] at R landmarks.

        All b R patches share one set of batch statistics, as in the authors' code.
        """
        batch, count = views.shape[:2]
        groups = LocationGroups(self.locations[landmarks], [batch] * count)
        by_landmark = views.transpose(0, 1).flatten(0, 1)[:, None]  # [R b, 1, n, n, n]
        return self.query(by_landmark, groups).unflatten(0, (count, batch)).transpose(0, 1)

    @torch.no_grad()
    def _watched(self, made: Contrast) -> tuple[Tensor, ...]:
        """Negatives per query, how often the key is the most similar, and two properties of the embedding."""
        logits = contrast_logits(made.query, made.key, made.negatives, self.settings.temperature, made.mask)
        accuracy = (logits.argmax(dim=1) == 0).float().mean()
        negatives = made.mask.logical_not().sum(dim=1).float().mean()
        return negatives, accuracy, alignment(made.query, made.key), uniformity(made.query)
