"""DomainCLR: contrast by partitions of the body, where the same place in others is alike (Chaitanya et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.methods.row import Row
from drasclr_core.model.contrast_unet import UNetEncoder, levels_for
from drasclr_core.model.inputs import center_views
from drasclr_core.model.losses import alignment, uniformity
from drasclr_core.names import refuse_unknown
from drasclr_core.pretrain.crops import crop_views, draw_crops
from drasclr_core.pretrain.local_stage import LocalStage
from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.mixed import read_mixed
from drasclr_core.pretrain.partition_views import Forms, PartChanges, Stored, draw_forms
from drasclr_core.pretrain.partitions import found_first, global_loss, slabs, strategy_negatives
from drasclr_core.pretrain.settings import TrainingSettings
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.staged import StagedBatch, StagedSampler

STRATEGIES, PARTITIONS = ("R", "D-", "D"), ("slab", "landmark")


@dataclass(frozen=True)
class DomainCLRSettings(TrainingSettings):
    """Settings of DomainCLR; the defaults are the authors', but for the batch size and the number of steps.

    Attributes
    ----------
    batch_size : int
        Patches in a step, nearly.
    lr, weight_decay : float
        Of Adam.
    strategy : str
        Global loss: ``R`` (SimCLR), ``D-`` (patches of the same partition are never negatives) or ``D`` (and those of
        other subjects are positives).
    partition : str
        ``slab``: one of `slabs` parts of the lungs from bottom to top; ``landmark``: the landmark.
    slabs : int
        S.
    landmarks_per_step : int
        Landmarks that a batch mixes.
    rep_dim, hidden, dim : int
        Channels of the deepest level, hidden units of the projection, length of an embedding.
    temperature : float
        Of both losses.
    crop : float
        Edge of the part of a patch that a view enlarges, as a share: 100 of 192 voxels.
    brightness, contrast : float
        Largest change of the brightness of a patch in [0, 1], and of its contrast 1.
    local_share : float
        Share of all steps, the last ones, that train the decoder by the local loss.
    local_trains_encoder : bool
        Whether the local loss also trains the encoder; as published it does not.
    decoder_blocks, region, local_negatives : int
        Blocks of the decoder, edge of a region of its map in voxels, negatives of a region in each view.
    """

    epochs: int = 50
    batch_size: int = 64
    lr: float = 1e-3
    weight_decay: float = 0.0
    strategy: str = "D"
    partition: str = "slab"
    slabs: int = 4
    landmarks_per_step: int = 16
    rep_dim: int = 128
    hidden: int = 1024
    dim: int = 128
    temperature: float = 0.1
    crop: float = 0.52
    brightness: float = 0.3
    contrast: float = 0.3
    local_share: float = 0.5
    local_trains_encoder: bool = False
    decoder_blocks: int = 3
    region: int = 3
    local_negatives: int = 5

    def __post_init__(self):
        super().__post_init__()
        refuse_unknown([self.strategy], STRATEGIES, "strategy")
        refuse_unknown([self.partition], PARTITIONS, "partition")
        if not 0 <= self.local_share < 1:
            raise ValueError(f"local_share is {self.local_share}; it must be 0 or more and below 1.")
        if not 0 < self.crop <= 1:
            raise ValueError(f"crop is {self.crop}; it must be above 0 and at most 1.")


class DomainCLR(Method):
    """NT-Xent over pairs that the place in the body defines; a U-Net's encoder is kept, and a patch is its mean.

    l(a, b) = -log e^(s_ab / tau) / (e^(s_ab / tau) + sum over n of e^(s_an / tau)), in both directions. ``D``: b is a
    view of a, or the patch, in the same form, of another subject in the same partition; n are the forms of all patches
    of *other partitions*, of any subject. So the same place in others is *positive* here, and *negative* in DrasCLR:
    what DrasCLR learns to tell, how subjects differ at a place, this learns to leave out (wholly so in ``D``; in
    ``D-`` nothing is said about it).

    Reference: Chaitanya, Erdil, Karani, Konukoglu, "Contrastive learning of global and local features for medical
    image segmentation with limited annotations", NeurIPS 2020.

    **The local stage.** In the last `local_share` of the steps, blocks of a decoder learn by the local loss L^R to tell
    regions of a map apart. As published the encoder is frozen then, so that the features kept here, which are the
    encoder's, do not change at all: the stage is for the segmentation that the authors fine-tune. With
    `local_trains_encoder` the local loss trains the encoder too.

    What differs from the publication:

    - 3D patches at landmarks for 2D slices of whole volumes: a partition is a slab of landmarks, or a landmark. The
      U-Net has as many levels as leave one voxel (6 for 32 voxels, as published for 192; 5 for 16, 4 for 8).
    - A batch mixes landmarks and subjects at random and is larger (the authors': 12, one of each partition of 3
      volumes), so that partitions are not equally frequent. A partner is drawn in the batch (theirs: from a second
      batch).
    - The loss is the mean over pairs, as in the paper's equation; the code's sum over pairs by the number of images is
      1 (R), 2 (D-) or 4 (D) times that.
    - The part of a patch that a view shows may lie anywhere in it (theirs: nearer to the middle); brightness and
      contrast are drawn for each view (TensorFlow's functions draw once for a batch). Patches are fed as [-1, 1].
    - Local: 35 regions of 3^3 voxels for 13 of 3^2; negatives are the 5 nearest that do not overlap, from a rule for
      a table.
    - Weights begin as PyTorch's; statistics of batch norm are estimated after training, over all landmarks.

    Parameters
    ----------
    settings : DomainCLRSettings
    atlas : Atlas
    """

    row = Row("DomainCLR", "#AA4499", 360, {
        "table2": "DomainCLR", "table3": "Imaging: DomainCLR", "table4": "DomainCLR"})  # fmt: skip
    Settings = DomainCLRSettings
    metrics = ("loss_global", "loss_local", "chance", "accuracy", "alignment", "uniformity")
    curves = MappingProxyType({"loss_global": "global", "loss_local": "local"})

    def __init__(self, settings: DomainCLRSettings, atlas):
        super().__init__(settings, atlas)
        size, rep_dim = settings.augmentation.size, settings.rep_dim
        landmarks, levels = len(self.locations), levels_for(size)
        heights = np.asarray(atlas.centres)[:, 2]
        self.partitions = slabs(heights, settings.slabs) if settings.partition == "slab" else np.arange(landmarks)
        if settings.strategy != "R" and len(np.unique(self.partitions)) < 2:
            raise ValueError("All landmarks are in one partition, so there are no negatives: take strategy R.")
        self.encoder = UNetEncoder(rep_dim, levels)
        self.head = nn.Sequential(nn.Linear(rep_dim, settings.hidden, bias=False), nn.ReLU(inplace=True),
                                  nn.Linear(settings.hidden, settings.dim, bias=False))  # fmt: skip
        shown = torch.zeros(len(self.metrics))
        self.local = None
        if settings.local_share:
            self.local = LocalStage(rep_dim, levels, size, settings.decoder_blocks, settings.region,
                                    settings.local_negatives, settings.dim)  # fmt: skip
            shown[1] = self.local.chance
        # What the log shows of the stage that is not on: its last step; of the local one, before, what guessing has.
        self.register_buffer("shown", shown)
        if settings.compile:
            self.encoder.compile(mode=settings.compile)

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam, as published."""
        settings = self.settings
        return torch.optim.Adam(self.parameters(), settings.lr, weight_decay=settings.weight_decay, fused=True)

    def rate(self, epoch: int, done: float) -> float:
        """1, as published, unless there is a warm-up."""
        return super().rate(epoch, done) if self.settings.warmup else 1.0

    def sampler(self, subjects: int, processes: int) -> StagedSampler:
        if processes > 1 and self.local is not None:
            raise ValueError("The two stages of domainclr train in one process: take devices=1 and nodes=1, or "
                             "local_share 0.")  # fmt: skip
        settings = self.settings
        return StagedSampler(settings, settings.local_share, len(self.locations), subjects, settings.batch_size,
                             settings.landmarks_per_step, settings.seed, processes)  # fmt: skip

    def read(self, store, batch: StagedBatch, shard: BatchShard) -> Stored:
        rows = shard.rows
        return Stored(read_mixed(store, batch, rows), self.partitions[batch.landmarks[rows]], batch.subjects[rows],
                      batch.second)  # fmt: skip

    def views(self, patches: Stored, generator: torch.Generator, shard: BatchShard) -> Forms:
        settings = self.settings
        changes = PartChanges(settings.crop, settings.brightness, settings.contrast)
        return draw_forms(patches, settings.augmentation.size, settings.strategy, changes, generator, shard)

    def step(self, batch: StagedBatch, views: Forms, shard: BatchShard) -> tuple[Tensor, Tensor]:
        """Global or local loss; the metrics of the other stage are its last ones."""
        loss, found = self.local_step(views) if batch.second else self.global_step(views)
        for name, value in found.items():
            self.shown[self.metrics.index(name)] = value.detach()
        return loss, self.shown.clone()

    def global_step(self, views: Forms) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of the strategy, and what is watched of it."""
        settings, count = self.settings, len(views.partitions)
        projected = self.head(self.encoder(views.views, self.locations[0]))
        with torch.autocast(projected.device.type, enabled=False):  # similarities need more digits than bf16 has
            embedded = F.normalize(projected.to(self.head[0].weight), dim=1).unflatten(0, (-1, count))
            negative = strategy_negatives(settings.strategy, views.partitions, len(embedded))
            loss = global_loss(embedded, negative, views.partner, settings.temperature)
        one, other = embedded[-2].detach(), embedded[-1].detach()
        found = {"chance": negative.sum(dim=1).float().log1p().mean(), "accuracy": found_first(embedded, negative),
                 "alignment": alignment(one, other), "uniformity": uniformity(one)}  # fmt: skip
        return loss, {"loss_global": loss, **found}

    def local_step(self, views: Forms) -> tuple[Tensor, dict[str, Tensor]]:
        """The local loss of two views that differ in intensities."""
        with torch.set_grad_enabled(self.settings.local_trains_encoder):
            maps = self.encoder.maps(views.views)
        loss = self.local(maps, self.settings.temperature)
        return loss, {"loss_local": loss}


def pretext_pictures(stored: Tensor, settings: DomainCLRSettings, generator: torch.Generator) -> dict[str, Tensor]:
    """Returns what the method is shown of patches, by captions; the positives are those of strategy ``D``.

    Parameters
    ----------
    stored : int16 Tensor [N, n, n, n]
        HU, of N subjects in one partition; the other subject of each is the next one.
    settings : DomainCLRSettings
    generator : torch.Generator
        On the device of the patches.

    Returns
    -------
    dict of str to float32 Tensor [N, size, size, size]
        About [-1, 1], changed patches up to 2.
    """
    size = settings.augmentation.size
    draws = draw_crops(len(stored), generator, settings.brightness, settings.contrast)
    whole, part = center_views(stored, size), crop_views(stored, size, settings.crop, draws)[:, 0]
    place = f"same {settings.partition}, other subject"
    return {"patch": whole, "positive: its changed part": part, f"positive: {place}": whole.roll(-1, 0),
            f"positive of the part: {place}": part.roll(-1, 0)}  # fmt: skip
