"""MedicalNet: a 3D ResNet that has learnt to segment, our proxy or the published weights (Chen et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from drasclr_core.methods.row import Row
from drasclr_core.model.inputs import center_views
from drasclr_core.model.med3d import Med3D, load_published
from drasclr_core.model.resnet import Med3DEncoder
from drasclr_core.pieces import file_fingerprint
from drasclr_core.pretrain.augment import affine_views
from drasclr_core.pretrain.sampling import Batch, LandmarkSampler
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import to_device
from drasclr_core.pretrain.volumes import VolumeMethod, VolumeSettings

IGNORED = -1
"""Class of places that the loss leaves out: a turned or shifted view shows none there."""
DECAY = 0.99
"""Of the learning rate with each epoch."""


@dataclass(frozen=True)
class MedicalNetSettings(VolumeSettings):
    """Settings of MedicalNet.

    Attributes
    ----------
    lr : float
        The released code's for layers that begin from nothing, as all of ours do.
    depth, width : int
        Of the ResNet (see `residual_network`): 10, 18, 34 or 50, and 64 as published.
    weights : str
        A file that the authors publish (see `load_published`), which is taken as it is: nothing is trained. Empty: the
        network learns to segment phantoms.
    """

    lr: float = 0.1
    weight_decay: float = 1e-3
    depth: int = 10
    width: int = 64
    weights: str = ""

    def that_matter(self) -> dict:
        """As for every method; of the file of weights its content, not its place."""
        return super().that_matter() | {"weights": file_fingerprint(self.weights) if self.weights else ""}


class Scans(NamedTuple):
    """Cubes of HU, int16 [b, s, s, s], and the class of each voxel, uint8 [b, s, s, s]."""

    scans: np.ndarray
    classes: np.ndarray


class Views(NamedTuple):
    """One view of each scan, float32 [b, 1, s, s, s] in [-1, 1], and its classes, int64 [b, m, m, m], m = s / 4."""

    scans: Tensor
    classes: Tensor


class NoSteps:
    """Batches of a training that there is none of."""

    def steps(self, epoch: int) -> int:
        return 0

    def epoch(self, epoch: int, start: int = 0) -> Iterable[Batch]:
        return iter(())


class MedicalNet(VolumeMethod):
    """Segmentation of the chest by a dilated ResNet; the network below the head is kept.

    What is learnt is *our proxy*: the published training set is eight (later 23) segmentation data sets which are not
    public, and here a phantom's true anatomy takes their place: the lobes, the heart's chambers, the great vessels,
    airways and lung vessels. No disease is a class, so nothing that the tables ask is told. Scans of real people have
    no such truth; there the published weights can be used (`weights`).

    Reference: Chen, Ma and Zheng, Med3D: Transfer Learning for 3D Medical Image Analysis, 2019; code of the authors,
    MedicalNet.

    What differs from the publication:

    - One simulated data set with one head, instead of 8 or 23 real ones with a head each. Their training was not
      released; optimiser and schedule are those of their code for other data. All layers have its learning rate of new
      layers, 0.1, and a batch is more than one scan.
    - The box round the lungs, stretched to a cube of 48 voxels, instead of 56 x 448 x 448. Of their random crops there
      is a small rotation, shift and change of scale.
    - Scans are clipped to the window of all methods here; they are standardised over all voxels of the cube, not over
      those above 0 only, and voxels of value 0 are not filled with noise.
    - The representation is the mean over places of the last stage; the publication transfers the network.
    - The statistics of batch norm are estimated anew after training; those of published weights are kept.

    Parameters
    ----------
    settings : MedicalNetSettings
    atlas : WholeLungs
    """

    row = Row("MedicalNet", "#882255", 330, {"table2": "MedicalNet", "table4": "MedicalNet"})
    Settings = MedicalNetSettings
    fixed = MappingProxyType({"noise_p": 0.0, "contrast_p": 0.0, "warmup": 0.0})
    metrics = ("loss_segmentation", "dice_lungs")
    curves = MappingProxyType({"loss_segmentation": "segmentation"})

    def __init__(self, settings: MedicalNetSettings, atlas):
        super().__init__(settings, atlas)
        from drasclr_core.anatomy.volumes import CLASSES  # takes seconds, so only where it is trained

        self.network = Med3D(Med3DEncoder(settings.depth, settings.width), len(CLASSES))
        if settings.weights:
            load_published(self.encoder, settings.weights)
        if settings.compile:
            self.network.compile(mode=settings.compile)

    @property
    def encoder(self) -> Med3DEncoder:
        return self.network.encoder

    @classmethod
    def prepare(cls, store, settings: MedicalNetSettings) -> None:
        if settings.weights:
            return
        try:
            store.keep_classes()
        except FileNotFoundError as error:
            remedy = "Give published weights (settings: {weights: resnet_10_23dataset.pth}), or leave this method out."
            raise ValueError(f"MedicalNet has nothing to learn from. {error} {remedy}") from error

    def rate(self, epoch: int, done: float) -> float:
        """Falls by a hundredth with each epoch."""
        return DECAY**epoch

    def sampler(self, subjects: int, processes: int) -> LandmarkSampler | NoSteps:
        return NoSteps() if self.settings.weights else super().sampler(subjects, processes)

    def read(self, store, batch: Batch, shard: BatchShard) -> Scans:
        rows = batch.subjects[shard.rows]
        return Scans(store.read(batch.landmark, rows), store.read_classes(rows))

    def views(self, patches: Scans, generator: torch.Generator, shard: BatchShard) -> Views:
        augment, device = self.settings.augmentation, generator.device
        draws = augment.draw(shard.size, 1, generator).of(torch.from_numpy(shard.rows).to(device))
        scans = augment.apply(to_device(patches.scans, device)[:, None], draws)
        return Views(scans, seen_classes(to_device(patches.classes, device), draws.matrices, self.settings.cube))

    def step(self, batch: Batch, views: Views, shard: BatchShard) -> tuple[Tensor, Iterable[Tensor]]:
        logits = self.network(views.scans)
        loss = F.cross_entropy(logits.float(), views.classes, ignore_index=IGNORED)
        return loss, (loss, lung_dice(logits.detach().argmax(dim=1), views.classes))

    def finish(self, store) -> None:
        if self.settings.weights:
            self.encoder.eval()
        else:
            super().finish(store)


def seen_classes(classes: Tensor, matrices: Tensor, size: int) -> Tensor:
    """Returns the classes in views of cubes, at the resolution of the network's answer.

    As in the authors' code they are brought there by taking the nearest voxel, so that thin vessels are where they are
    hit.

    Parameters
    ----------
    classes : uint8 Tensor [B, s, s, s]
    matrices : float Tensor [B, 3, 4]
        Of the views (see `affine_views`).
    size : int
        Voxels per side of a view, s.

    Returns
    -------
    int64 Tensor [B, m, m, m]
        m is a quarter of `size`; `IGNORED` where a view looks beyond the cube.
    """
    known = (classes.float() + 1)[:, None]
    views = affine_views(known, matrices, size, mode="nearest", padding_mode="zeros")
    return F.interpolate(views, 2 * -(-size // 8), mode="nearest-exact")[:, 0].long() - 1


def lung_dice(answer: Tensor, classes: Tensor) -> Tensor:
    """Returns the Dice of the lungs, all lobes together, in a batch of classes [B, m, m, m]."""
    from drasclr_core.anatomy.volumes.truth import LUNGS

    ours, true = ((part >= LUNGS.start) & (part < LUNGS.stop) & (classes != IGNORED) for part in (answer, classes))
    return 2 * (ours & true).sum() / (ours.sum() + true.sum()).clamp(min=1)


def pretext_pictures(stored: Tensor, settings: MedicalNetSettings, generator: torch.Generator,
                     classes: Tensor | None = None) -> dict[str, Tensor]:  # fmt: skip
    """Returns what the pretext task shows of scans, [N, s, s, s] by caption: the scan, and what it consists of.

    Parameters
    ----------
    stored : int16 Tensor [N, s, s, s]
        Cubes of HU.
    classes : uint8 Tensor [N, s, s, s], optional
        Of `CLASSES`, from ``store.read_classes``; without them the scan stands alone. Nothing is drawn at random.

    Returns
    -------
    dict
        ``scan`` in [-1, 1], and ``classes``, whole numbers.
    """
    shown = {"scan": center_views(stored, stored.shape[-1])}
    return shown if classes is None else shown | {"classes": classes.long()}
