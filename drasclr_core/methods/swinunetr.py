"""Swin UNETR's pretraining: rotation, contrast and restoration (Tang et al., CVPR 2022; the paper's Tables 2 to 5).

What differs from the publication:

- Views are cut at a random place of the stored patches at the landmarks, in this project's window (-1024 to 240 HU),
  not of 96 voxels anywhere in the body in -1000 to 1000 HU.
- Of the four stages those are used that leave 2 x 2 x 2 tokens, so that the first two tokens are there for their heads:
  three at 32 voxels, two at 16, one at 8.
- Boxes are cut out with edges of 5 to 25 % of the view's, at least 1 or 2 voxels. Their noise has the standard
  deviation of the published boxes everywhere. Swapped boxes come from a view before its own are cut; in the authors'
  code half come from one afterwards.
- The batch is one for all; in the published run 8 GPUs contrasted the two crops of one scan each.
- The kept representation, on which the publication builds a segmentation, is the mean of the last tokens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from drasclr_core.methods.row import Row
from drasclr_core.model.inputs import above_air, normalise
from drasclr_core.model.swin import SwinEncoder, SwinHeads, stages_for
from drasclr_core.pretrain.deform import cutout, draw_cutout, draw_noise, quarter_turns, swap_boxes
from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.mixed import MixedBatch, MixedSampler, read_mixed
from drasclr_core.pretrain.random_cubes import crop, draw_places
from drasclr_core.pretrain.settings import TrainingSettings
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import to_device


@dataclass(frozen=True)
class SwinUNETRSettings(TrainingSettings):
    """Settings of Swin UNETR's pretraining; the defaults are those of the authors' code.

    Attributes
    ----------
    batch_size : int
        Patches, of which each gives two views; the published run had 16 on 8 GPUs.
    lr, weight_decay : float
        Of AdamW. The authors' command for 8 GPUs gives a learning rate of 6e-6 instead of this default.
    warmup : float
        500 of 100,000 steps.
    feature_size, window : int
    depths, heads : (int, int, int, int)
        Of the transformer (see `SwinEncoder`); the first are used where a patch has no room for four stages.
    dim : int
        Length of the contrasted embedding.
    temperature : float
        Of the contrast.
    rotation_weight, contrast_weight, restoration_weight : float
        Of the three losses.
    landmarks_per_step : int
        In a batch (see `MixedSampler`).
    """

    batch_size: int = 16
    lr: float = 4e-4
    weight_decay: float = 0.1
    warmup: float = 0.005
    feature_size: int = 48
    window: int = 7
    depths: tuple[int, int, int, int] = (2, 2, 2, 2)
    heads: tuple[int, int, int, int] = (3, 6, 12, 24)
    dim: int = 512
    temperature: float = 0.5
    rotation_weight: float = 1.0
    contrast_weight: float = 1.0
    restoration_weight: float = 1.0
    landmarks_per_step: int = 16


class Stored(NamedTuple):
    """A process's patches of a batch, int16 [b, n, n, n] in HU."""

    patches: np.ndarray


class TwoViews(NamedTuple):
    """Two views of each patch.

    Attributes
    ----------
    shown, whole : float32 [2, b, n, n, n]
        In [-1, 1]; `shown` lacks what was cut out.
    turns : int [2, b]
        Quarters by which they are turned.
    """

    shown: Tensor
    whole: Tensor
    turns: Tensor


class SwinUNETR(Method):
    """A Swin transformer with three heads; the transformer is kept.

    Parameters
    ----------
    settings : SwinUNETRSettings
    atlas : Atlas
    """

    row = Row("SwinUNETR", "#44AA99", 370, {
        "table2": "SwinUNETR", "table3": "Imaging: SwinUNETR", "table4": "SwinUNETR"})  # fmt: skip
    Settings = SwinUNETRSettings
    metrics = ("loss_contrast", "loss_rotation", "loss_restoration", "chance", "accuracy", "rotation_accuracy")
    curves = MappingProxyType({"loss_contrast": "contrast", "loss_rotation": "rotation",
                               "loss_restoration": "restoration"})  # fmt: skip

    def __init__(self, settings: SwinUNETRSettings, atlas):
        super().__init__(settings, atlas)
        stages = stages_for(settings.augmentation.size, len(settings.depths))
        encoder = SwinEncoder(settings.feature_size, settings.depths[:stages], settings.heads[:stages], settings.window)
        self.network = SwinHeads(encoder, settings.dim)
        from monai.losses import ContrastiveLoss  # takes seconds, so only where it is trained

        self.contrast = ContrastiveLoss(settings.temperature)
        if settings.compile:
            self.network.compile(mode=settings.compile)

    @property
    def encoder(self) -> SwinEncoder:
        return self.network.encoder

    def optimizer(self) -> torch.optim.Optimizer:
        """AdamW of everything."""
        return torch.optim.AdamW(self.parameters(), self.settings.lr, weight_decay=self.settings.weight_decay,
                                 fused=True)  # fmt: skip

    def sampler(self, subjects: int, processes: int) -> MixedSampler:
        settings = self.settings
        return MixedSampler(len(self.locations), subjects, settings.batch_size, settings.landmarks_per_step,
                            settings.seed, processes)  # fmt: skip

    def read(self, store, batch: MixedBatch, shard: BatchShard) -> Stored:
        return Stored(read_mixed(store, batch, shard.rows))

    def views(self, patches: Stored, generator: torch.Generator, shard: BatchShard) -> TwoViews:
        device, size = generator.device, self.settings.augmentation.size
        rows = torch.from_numpy(shard.rows).to(device)
        stored = to_device(patches.patches, device)
        places = draw_places(shard.size, stored.shape[-1], size, generator)[rows]
        cubes = (normalise(above_air(crop(stored, places, size))) + 1) / 2
        drawn = [self._view(cubes, rows, shard.size, generator) for _ in range(2)]
        shown, whole, turns = (torch.stack(parts) for parts in zip(*drawn, strict=True))
        return TwoViews(shown * 2 - 1, whole * 2 - 1, turns)

    def _view(
        self, cubes: Tensor, rows: Tensor, batch: int, generator: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Cut and whole cubes [b, n, n, n] and their turns; drawn for the whole batch, of which `rows` are used."""
        size = cubes.shape[-1]
        turns = torch.randint(4, (batch,), generator=generator, device=generator.device)[rows]
        whole = quarter_turns(cubes, turns)
        cut, swapped = (draw_cutout(batch, size, generator)[rows] for _ in range(2))
        noise = draw_noise(batch, size, generator)[rows]
        partner = torch.rand(batch, generator=generator, device=generator.device)[rows] * len(rows)  # of the own part
        return swap_boxes(cutout(whole, cut, noise), swapped, whole, partner.long()), whole, turns

    def step(self, batch: MixedBatch, views: TwoViews, shard: BatchShard) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The weighted sum of the three losses; ``chance`` and ``accuracy`` are those of the contrast."""
        settings, turns = self.settings, views.turns.flatten()
        rotation, embedding, restored = self.network(views.shown.flatten(0, 1)[:, None])
        with torch.autocast(embedding.device.type, enabled=False):
            first, second = embedding.float().chunk(2)
            contrast = self.contrast(first, second)
            turned = F.cross_entropy(rotation.float(), turns)
            restoring = F.l1_loss(restored[:, 0].float(), (views.whole.flatten(0, 1) + 1) / 2)
            loss = (settings.contrast_weight * contrast + settings.rotation_weight * turned
                    + settings.restoration_weight * restoring)  # fmt: skip
        others = 2 * len(first) - 1
        return loss, (contrast, turned, restoring, contrast.new_tensor(math.log(others)), found_first(first, second),
                      (rotation.argmax(dim=1) == turns).float().mean())  # fmt: skip


@torch.no_grad()
def found_first(first: Tensor, second: Tensor) -> Tensor:
    """Returns how often the other view of a patch is the most similar of all others; embeddings [b, D] of each view."""
    both = F.normalize(torch.cat([first, second]), dim=1)
    nearest = (both @ both.T).fill_diagonal_(-torch.inf).argmax(dim=1)
    return (nearest == torch.arange(len(both), device=both.device).roll(len(first))).float().mean()


def pretext_pictures(stored: Tensor, settings: SwinUNETRSettings, generator: torch.Generator) -> dict[str, Tensor]:
    """Returns patches and what becomes of them one step after the other, by what a figure calls it.

    Parameters
    ----------
    stored : int16 Tensor [N, n, n, n]
        HU; boxes are swapped with the next patch, so N should be 2 or more.
    settings : SwinUNETRSettings
    generator : torch.Generator

    Returns
    -------
    dict of float32 Tensor [N, size, size, size]
        In [-1, 1].
    """
    count, size, device = len(stored), settings.augmentation.size, generator.device
    middle = torch.full((count, 3), (stored.shape[-1] - size) // 2, device=device)
    cubes = (normalise(above_air(crop(stored, middle, size))) + 1) / 2
    whole = quarter_turns(cubes, 1 + torch.randint(3, (count,), generator=generator, device=device))
    cut = cutout(whole, draw_cutout(count, size, generator), draw_noise(count, size, generator))
    following = torch.arange(count, device=device).roll(-1)
    swapped = swap_boxes(cut, draw_cutout(count, size, generator), whole, following)
    shown = {"original": cubes, "turned": whole, "cut out": cut, "swapped boxes": swapped}
    return {name: picture * 2 - 1 for name, picture in shown.items()}
