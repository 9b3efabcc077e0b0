"""Models Genesis: restore a deformed cube (Zhou et al., Medical Image Analysis 2021; the paper's Tables 2 to 5).

What differs from the publication:

- Cubes are the middles of the patches at the landmarks, in this project's window (-1024 to 240 HU), not 32 cubes of
  64 x 64 x 32 voxels in -1000 to 1000 HU from places of each scan with much lung.
- Flips are along all three axes of a cube. The authors' code counts the channels as one, and leaves out the last.
- Shuffled windows have edges up to a tenth of the cube's, but at least 2 voxels, and their number gives each voxel as
  many windows as in the published cubes (10,000 there). Boxes stay 3 voxels from the border at edges from 32 on, less
  in smaller cubes.
- Batches mix landmarks, and batch norm keeps statistics of the whole lung; the authors' network normalises each batch
  by itself in use too. All methods share one budget: there is no early stopping.
- Half of the changed intensities turn dark into bright, as published (`falling_rate`). Until the network can tell these
  cubes it restores hardly anything, which takes about a thousand steps of 16 cubes of 16 voxels (width 4); with a
  smaller budget, 0 lets it learn from the first steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from drasclr_core.methods.row import Row
from drasclr_core.model.genesis_unet import GenesisEncoder, GenesisUNet
from drasclr_core.model.inputs import center_views
from drasclr_core.pretrain.deform import Restoration, change_intensity, draw_inner, draw_outer, draw_shuffle, shuffle
from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.mixed import MixedBatch, MixedSampler, read_mixed
from drasclr_core.pretrain.settings import TrainingSettings
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import to_device


@dataclass(frozen=True)
class ModelsGenesisSettings(TrainingSettings):
    """Settings of Models Genesis; the defaults are those of the authors' code.

    Attributes
    ----------
    width : int
        Channels of the first convolution (see `GenesisEncoder`); the representation has 16 times as many numbers.
    flip_rate, shuffle_rate, intensity_rate, paint_rate, outer_rate, falling_rate : float
        How often each deformation happens (see `Restoration`). `falling_rate` is that of dark turned into bright, among
        other intensities; the list above says when to lower it.
    decay : float
        Factor of the learning rate after every `decay_epochs`.
    decay_epochs : int
        Of the authors' run, which ended after 50 epochs without a lower validation loss.
    landmarks_per_step : int
        In a batch (see `MixedSampler`).
    """

    batch_size: int = 6
    lr: float = 1.0
    weight_decay: float = 0.0
    width: int = 32
    flip_rate: float = 0.4
    shuffle_rate: float = 0.5
    intensity_rate: float = 0.9
    paint_rate: float = 0.9
    outer_rate: float = 0.8
    falling_rate: float = 0.5
    decay: float = 0.5
    decay_epochs: int = 40
    landmarks_per_step: int = 16

    @property
    def restoration(self) -> Restoration:
        """The deformations."""
        return Restoration(self.flip_rate, self.shuffle_rate, self.intensity_rate, self.paint_rate, self.outer_rate,
                           self.falling_rate)  # fmt: skip


class Stored(NamedTuple):
    """A process's patches of a batch, int16 [b, n, n, n] in HU."""

    patches: np.ndarray


class Cubes(NamedTuple):
    """Deformed cubes and those to restore, float32 [b, n, n, n] in [0, 1] each."""

    deformed: Tensor
    whole: Tensor


class ModelsGenesis(Method):
    """A U-Net that restores deformed cubes; its way down is kept.

    Parameters
    ----------
    settings : ModelsGenesisSettings
    atlas : Atlas
    """

    row = Row("Models Genesis", "#999933", 340, {
        "table2": "Models Genesis", "table3": "Imaging: Models Genesis", "table4": "Models Genesis",
        "table5": "Full Fine-tuning: Models Genesis"})  # fmt: skip
    Settings = ModelsGenesisSettings
    metrics = ("loss_restoration", "one_grey")
    curves = MappingProxyType({"loss_restoration": "restoration"})

    def __init__(self, settings: ModelsGenesisSettings, atlas):
        super().__init__(settings, atlas)
        self.network = GenesisUNet(GenesisEncoder(settings.width))
        if settings.compile:
            self.network.compile(mode=settings.compile)

    @property
    def encoder(self) -> GenesisEncoder:
        return self.network.encoder

    def sampler(self, subjects: int, processes: int) -> MixedSampler:
        settings = self.settings
        return MixedSampler(len(self.locations), subjects, settings.batch_size, settings.landmarks_per_step,
                            settings.seed, processes)  # fmt: skip

    def rate(self, epoch: int, done: float) -> float:
        """Halves every `decay_epochs` epochs."""
        return self.settings.decay ** (epoch // self.settings.decay_epochs)

    def read(self, store, batch: MixedBatch, shard: BatchShard) -> Stored:
        return Stored(read_mixed(store, batch, shard.rows))

    def views(self, patches: Stored, generator: torch.Generator, shard: BatchShard) -> Cubes:
        settings, device = self.settings, generator.device
        cubes = _cubes(to_device(patches.patches, device), settings.augmentation.size)
        draws = settings.restoration.draw(shard.size, tuple(cubes.shape[1:]), generator)
        return Cubes(*settings.restoration.apply(cubes, draws.of(torch.from_numpy(shard.rows).to(device))))

    def step(self, batch: MixedBatch, views: Cubes, shard: BatchShard) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Mean squared difference of restored and whole cubes; ``one_grey`` is that of one grey value everywhere."""
        restored = self.network(views.deformed[:, None] * 2 - 1)[:, 0]
        loss = F.mse_loss(restored.to(views.whole), views.whole)
        return loss, (loss, views.whole.var(correction=0))


def pretext_pictures(stored: Tensor, settings: ModelsGenesisSettings, generator: torch.Generator) -> dict[str, Tensor]:
    """Returns patches, and each deformation of them by itself, by what a figure calls it, in the order of use.

    Parameters
    ----------
    stored : int16 Tensor [N, n, n, n]
        HU.
    settings : ModelsGenesisSettings
    generator : torch.Generator

    Returns
    -------
    dict of float32 Tensor [N, size, size, size]
        In [-1, 1].
    """
    cubes = _cubes(stored, settings.augmentation.size)
    count, shape, device = len(cubes), tuple(cubes.shape[1:]), generator.device
    points = torch.rand(count, 2, 2, generator=generator, device=device)
    falling = torch.arange(count, device=device) % 2 == 0
    noise = torch.rand(cubes.shape, generator=generator, device=device)
    shown = {
        "original": cubes,
        "shuffled": shuffle(cubes, draw_shuffle(count, shape, generator)),
        "other intensities": change_intensity(cubes, points, falling),
        "painted inside": torch.where(draw_inner(count, shape, generator), noise, cubes),
        "painted outside": torch.where(draw_outer(count, shape, generator), noise, cubes),
        "all together": settings.restoration.apply(cubes, settings.restoration.draw(count, shape, generator))[0],
    }
    return {name: picture * 2 - 1 for name, picture in shown.items()}


def _cubes(stored: Tensor, size: int) -> Tensor:
    """The middle of patches int16 [b, n, n, n], float32 [b, size, size, size] in [0, 1]."""
    return (center_views(stored, size) + 1) / 2
