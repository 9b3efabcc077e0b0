"""A toy method: an encoder that learns to tell the mean density of a view."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor, nn

from drasclr_core.methods import Row
from drasclr_core.model import Encoder
from drasclr_core.pretrain import BatchShard, Method, TrainingSettings, draw_view


@dataclass(frozen=True)
class ToySettings(TrainingSettings):
    """Settings of the toy.

    Attributes
    ----------
    rep_dim : int
        Length of the representation.
    """

    lr: float = 0.05
    rep_dim: int = 8


class One(NamedTuple):
    """Patches int16 [b, n, n, n], or a view of each, float32 [b, 1, n, n, n]."""

    patches: Tensor


class Toy(Method):
    """Predicts the mean of a view from its representation."""

    row = Row("Toy", "#123456", 350, {"table2": "MoCo"})
    Settings = ToySettings
    metrics = ("loss_density",)
    curves = MappingProxyType({"loss_density": "density"})

    def __init__(self, settings: ToySettings, atlas):
        super().__init__(settings, atlas)
        self.encoder = Encoder(settings.rep_dim, conditioning="none")
        self.head = nn.Linear(settings.rep_dim, 1)

    def read(self, store, batch, shard: BatchShard) -> One:
        return One(store.read(batch.landmark, batch.subjects[shard.rows]))

    def views(self, patches: One, generator: torch.Generator, shard: BatchShard) -> One:
        return One(draw_view(self.settings.augmentation, patches.patches, generator, shard))

    def step(self, batch, views: One, shard: BatchShard) -> tuple[Tensor, tuple[Tensor]]:
        told = self.head(self.encoder(views.patches, self.locations[batch.landmark]))[:, 0]
        loss = (told - views.patches.mean(dim=(1, 2, 3, 4))).square().mean()
        return loss, (loss,)
