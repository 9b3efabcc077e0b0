"""DrasCLR: local and neighbouring contrast of one landmark at a time (paper Sections 2.3 to 2.5 and 3)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from drasclr_core.methods.row import Row
from drasclr_core.model import ConditionalMemoryBank, Encoder, ProjectionHead
from drasclr_core.model.encoder import check_locations
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.pretrain.alike import mean_densities
from drasclr_core.pretrain.blocks import Block, BlockSampler, draw_block_views, read_block
from drasclr_core.pretrain.contrast import WATCHED, Contrast, against_bank
from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.momentum import ProjectedEncoder, embed_keys, follow, key_network
from drasclr_core.pretrain.sampling import Batch, LandmarkSampler
from drasclr_core.pretrain.settings import TrainingSettings
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import Patches, Views, draw_views, read_patches

AGE = 0.25
"""Steps for which a key serves as a negative, in memories 1 / (1 - m) of the key network, unless settings say so."""


@dataclass(frozen=True)
class DrasCLRSettings(TrainingSettings):
    """Settings of DrasCLR; the defaults are the paper's (Section 3) but for `fresh_negatives`, `max_key_age` and
    `landmark_run_length`.

    Attributes
    ----------
    bank_size : int
        Negatives per landmark, K.
    conditioning : str
        How the location enters the encoder (see `Encoder`).
    norm : str
        Normalisation of the encoder (see `Encoder`); the paper's is ``batch``.
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
        authors' code; -1 a quarter of the key network's memory of 1 / (1 - key_momentum) steps.
    landmark_run_length : int
        Batches of one landmark, or block, in a row (see `LandmarkSampler`).
    landmarks_per_step : int
        1: one landmark, whose neighbours are embedded beside it, as published. A power of two from 2 on: a block of
        neighbouring landmarks (`BlockSampler`), each of which is anchor and neighbour with one embedding.
    alike_density : bool
        Deal subjects of like lung density into a step, so that density does not tell a patch from the negatives of its
        own step. False as published.
    """

    bank_size: int = 4096
    conditioning: str = "loc-condconv"
    norm: str = "batch"
    num_experts: int = 8
    rep_dim: int = 128
    dim: int = 128
    neighbors: int = 2
    beta: float = 1.0
    temperature: float = 0.2
    key_momentum: float = 0.999
    key_splits: int = 1
    fresh_negatives: bool = True
    max_key_age: int = -1
    landmark_run_length: int = 32
    landmarks_per_step: int = 1
    alike_density: bool = False

    def that_matter(self) -> dict:
        """As for every method; `alike_density` only where it is chosen, so that encoders made before it stay valid."""
        matter = super().that_matter()
        if not self.alike_density:
            del matter["alike_density"]
        return matter

    def oldest_key(self) -> int | None:
        """Returns the greatest age of a negative in steps, None for no limit."""
        if self.max_key_age >= 0:
            return self.max_key_age or None
        return max(1, math.floor(AGE / max(1 - self.key_momentum, 1e-9) + 1e-6))


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
    metrics = ("loss_local", "loss_neighbor", *WATCHED)

    def __init__(self, settings: DrasCLRSettings, atlas):
        super().__init__(settings, atlas)
        check_locations(self.locations)
        self.near = np.asarray(atlas.neighbors(settings.neighbors)).tolist() if settings.neighbors else None
        self.centres = np.asarray(atlas.centres, dtype=float)
        landmarks = len(self.locations)
        encoder = Encoder(settings.rep_dim, settings.num_experts, settings.conditioning, settings.norm,
                          landmarks if settings.norm == "landmark" else 0)  # fmt: skip
        head = ProjectionHead(settings.rep_dim, settings.dim)
        self.density: np.ndarray | None = None
        self.bank = ConditionalMemoryBank(landmarks, settings.bank_size, settings.dim, settings.oldest_key())
        self.query = ProjectedEncoder(encoder, head)
        self.key = key_network(self.query)
        if settings.compile:
            self.query.compile(mode=settings.compile)
            self.key.compile(mode=settings.compile)

    @property
    def encoder(self) -> Encoder:
        return self.query.encoder

    def look(self, store) -> None:
        self.density = mean_densities(store) if self.settings.alike_density else None

    def sampler(self, subjects: int, processes: int) -> LandmarkSampler | BlockSampler:
        settings = self.settings
        common = (settings.landmark_run_length, settings.seed, processes, self.density)
        if settings.landmarks_per_step == 1:
            return LandmarkSampler(len(self.locations), subjects, settings.batch_size, *common)
        return BlockSampler(self.centres, settings.neighbors, subjects, settings.batch_size,
                            settings.landmarks_per_step, *common)  # fmt: skip

    def key_splits(self) -> int:
        return self.settings.key_splits

    @property
    def patches_per_step(self) -> int:
        return self.settings.batch_size * self.settings.landmarks_per_step

    def read(self, store, batch: Batch | Block, shard: BatchShard) -> Patches:
        if isinstance(batch, Block):
            return read_block(store, batch, shard)
        return read_patches(store, batch, None if self.near is None else self.near[batch.landmark], shard)

    def views(self, patches: Patches, generator: torch.Generator, shard: BatchShard) -> Views:
        if self.settings.landmarks_per_step > 1:
            count = len(patches.query) // len(shard.rows)
            return draw_block_views(self.settings.augmentation, patches, count, generator, shard)
        return draw_views(self.settings.augmentation, patches, generator, shard)

    def step(self, batch: Batch | Block, views: Views, shard: BatchShard) -> tuple[Tensor, Iterable[Tensor]]:
        """Local and neighbouring loss of a landmark's batch or a block (Eq. 6, 8 and 9), whose keys go to the bank."""
        settings, made = self.settings, self.contrast(batch, views, shard)
        with torch.autocast(made.key.device.type, enabled=False):  # similarities need more digits than bf16 has
            local, neighbor = made.losses(settings.temperature)
            return local + settings.beta * neighbor, (local, neighbor, *made.watched(settings.temperature))

    def contrast(self, batch: Batch | Block, views: Views, shard: BatchShard) -> Contrast:
        """Embeds a batch and puts its keys into the bank. Several processes end up with the same bank."""
        block = isinstance(batch, Block)
        landmarks = batch.landmarks.tolist() if block else batch.landmark
        locations = self.locations[landmarks].reshape(-1, 3)
        query = self.query(views.query, LocationGroups(locations, [len(shard.rows)] * len(locations)))
        neighbors = None
        if block:
            query = query.unflatten(0, (len(locations), len(shard.rows)))
            if self.settings.neighbors:
                beside = torch.from_numpy(batch.beside).to(query)
                neighbors = torch.einsum("lm,mbc->lbc", beside, query).unsqueeze(-2)
        elif views.neighbors is not None:
            neighbors = self.embed_neighbors(views.neighbors, self.near[landmarks])
        follow(self.key, self.query, self.settings.key_momentum)
        keys = embed_keys(self.key, views.key, locations, shard)
        keys = keys if block else keys[0]
        return against_bank(self.bank, landmarks, batch.subjects, shard, query, keys, neighbors,
                            self.settings.fresh_negatives)  # fmt: skip

    def embed_neighbors(self, views: Tensor, landmarks: list[int]) -> Tensor:
        """Returns embeddings [b, R, C] of views [b, R, n, n, n] at R landmarks.

        All b R patches share one set of batch statistics, as in the authors' code.
        """
        batch, count = views.shape[:2]
        groups = LocationGroups(self.locations[landmarks], [batch] * count)
        by_landmark = views.transpose(0, 1).flatten(0, 1)[:, None]  # [R b, 1, n, n, n]
        return self.query(by_landmark, groups).unflatten(0, (count, batch)).transpose(0, 1)
