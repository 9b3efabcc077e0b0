"""MoCo v2 on whole lungs: find the other view of a scan among other people's (He et al. 2020; Chen et al. 2020)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from drasclr_core.methods.row import Row
from drasclr_core.model.encoder import Encoder, ProjectionHead
from drasclr_core.model.memory_bank import ConditionalMemoryBank
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.model.resnet import ResNetEncoder
from drasclr_core.names import refuse_unknown
from drasclr_core.pretrain.contrast import WATCHED, against_bank
from drasclr_core.pretrain.momentum import ProjectedEncoder, embed_keys, follow, key_network
from drasclr_core.pretrain.sampling import Batch
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import Patches, Views, draw_views, read_patches
from drasclr_core.pretrain.volumes import VolumeMethod, VolumeSettings

NETWORKS = ("resnet", "cnn")


@dataclass(frozen=True)
class MoCoSettings(VolumeSettings):
    """Settings of MoCo; the defaults are those of MoCo v2, as far as there is one.

    Attributes
    ----------
    bank_size : int
        Length of the queue of keys, K; at most one key for each subject is held.
    dim : int
        Length of the contrasted embedding.
    temperature, key_momentum : float
        Softmax temperature, and m of the key network.
    key_splits : int
        Parts in which each process's keys go through batch norm, instead of the shuffling between GPUs (see
        `DrasCLRSettings`).
    network : str
        ``resnet``, a 3D ResNet, or ``cnn``, the plain convolutions that DrasCLR's encoder is made of, for cubes of at
        most 32 voxels.
    depth, width : int
        Of the ResNet (see `residual_network`).
    """

    lr: float = 0.03
    bank_size: int = 65536
    dim: int = 128
    temperature: float = 0.2
    key_momentum: float = 0.999
    key_splits: int = 2
    network: str = "resnet"
    depth: int = 18
    width: int = 64

    def __post_init__(self):
        super().__post_init__()
        refuse_unknown([self.network], NETWORKS, "network")


class MoCo(VolumeMethod):
    """Instance discrimination of whole scans with a queue of keys; ``query.encoder`` is kept.

    The paper's row is "MoCo, 3D version on the entire volume", of which it says no more. Two random views are drawn of
    the box round both lungs, and the query of one must find the key of the other among the keys of other subjects.

    References: He et al., Momentum Contrast for Unsupervised Visual Representation Learning, CVPR 2020; Chen et al.,
    Improved Baselines with Momentum Contrastive Learning, 2020.

    What differs from the publication:

    - Scans instead of photographs, a 3D ResNet-18 instead of a 2D ResNet-50; DrasCLR's views (rotation, shift, scale,
      noise, contrast) instead of crops, flips, blur and changes of colour.
    - The queue of 65536 keys is cut to the number of subjects: there is one scan of each, so a longer one would hold
      many keys of the same people. Keys of the query's own subject are no negatives; the random vectors that fill a new
      queue are none either.
    - A batch's keys enter the queue before the batch is contrasted, so that they are negatives for each other: with a
      few hundred subjects most other keys are as old as an epoch.
    - Keys go through batch norm in parts (`key_splits`) instead of being shuffled between GPUs.
    - The statistics of batch norm are estimated anew after training, from scans that are not augmented.

    Parameters
    ----------
    settings : MoCoSettings
    atlas : WholeLungs
    """

    row = Row("MoCo", "#332288", 350, {"table2": "MoCo", "table4": "MoCo"})
    Settings = MoCoSettings
    metrics = ("loss_contrast", *WATCHED)
    curves = MappingProxyType({"loss_contrast": "contrast"})

    def __init__(self, settings: MoCoSettings, atlas):
        super().__init__(settings, atlas)
        encoder = _encoder(settings)
        size = min(settings.bank_size, atlas.subjects)
        # No key that was made here gets as old as the bank is long; the random ones that it begins with are older.
        self.bank = ConditionalMemoryBank(1, size, settings.dim, max_age=size)
        self.query = ProjectedEncoder(encoder, ProjectionHead(encoder.rep_dim, settings.dim))
        self.key = key_network(self.query)
        if settings.compile:
            self.query.compile(mode=settings.compile)
            self.key.compile(mode=settings.compile)

    @property
    def encoder(self) -> PatchEncoder:
        return self.query.encoder

    def key_splits(self) -> int:
        return self.settings.key_splits

    def read(self, store, batch: Batch, shard: BatchShard) -> Patches:
        return read_patches(store, batch, None, shard)

    def views(self, patches: Patches, generator: torch.Generator, shard: BatchShard) -> Views:
        return draw_views(self.settings.augmentation, patches, generator, shard)

    def step(self, batch: Batch, views: Views, shard: BatchShard) -> tuple[Tensor, Iterable[Tensor]]:
        """The contrastive loss of a batch (He et al. 2020, Eq. 1), whose keys go to the queue."""
        settings = self.settings
        query = self.query(views.query, self.locations[0])
        follow(self.key, self.query, settings.key_momentum)
        keys = embed_keys(self.key, views.key, self.locations, shard)[0]
        made = against_bank(self.bank, 0, batch.subjects, shard, query, keys)
        with torch.autocast(keys.device.type, enabled=False):  # similarities need more digits than bf16 has
            loss, _ = made.losses(settings.temperature)
            return loss, (loss, *made.watched(settings.temperature))


def pretext_pictures(stored: Tensor, settings: MoCoSettings, generator: torch.Generator) -> dict[str, Tensor]:
    """Returns what the pretext task shows of scans: two random views of each, about [-1, 1], [N, s, s, s] by caption.

    Parameters
    ----------
    stored : int16 Tensor [N, s, s, s]
        Cubes of HU.
    """
    return {name: settings.augmentation(stored[:, None], generator)[:, 0] for name in ("one view", "another view")}


def _encoder(settings: MoCoSettings) -> PatchEncoder:
    if settings.network == "cnn":
        return Encoder(conditioning="none")
    return ResNetEncoder(settings.depth, settings.width)
