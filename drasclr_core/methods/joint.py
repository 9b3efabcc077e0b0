"""Joint image-volume learning: clusters of slices and images, hidden slices, clusters of volumes (arXiv 2212.01893)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from drasclr_core.image_volume.encoder import JointEncoder, slices_of
from drasclr_core.image_volume.image_views import draw_image_views, image_views
from drasclr_core.image_volume.joint_views import JointViews, Stored, choose_slices, cut_slices, flat_views, to
from drasclr_core.image_volume.masking import draw_mask
from drasclr_core.image_volume.network import JointNetwork
from drasclr_core.image_volume.settings import STREAMS, JointSettings
from drasclr_core.image_volume.turns import (
    LOSSES,
    JointBatch,
    JointSampler,
    flat_samples,
    image_rows,
    patch_samples,
    stage_of,
)
from drasclr_core.methods.row import Row
from drasclr_core.model.inputs import center_views
from drasclr_core.pretrain.larc import LARC
from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.mixed import read_mixed
from drasclr_core.pretrain.schedule import warmed_rate
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import draw_view, to_device
from drasclr_core.run import Run


class Joint(Method):
    """One encoder of slices and images (f_intra) and, along the slices, of volumes (f_inter); patches are the volumes.

    Two views of a slice, or an image, agree on its cluster (L_intra), so do two views of a volume (L_inter), and hidden
    slices of a volume are told from the others (L_mask).

    Reference: Nguyen et al., Joint Self-Supervised Image-Volume Representation Learning with Intra-Inter Contrastive
    Clustering, AAAI 2023; the authors' code; Caron et al., Unsupervised Learning of Visual Features by Contrasting
    Cluster Assignments, NeurIPS 2020, for both engines.

    What differs from the publication:

    - All losses are in one training, as the paper's objective has it; the authors' code trains in three stages, one for
      each loss, which is the schedule ``stages``.
    - Attention runs along the slices. In the authors' code the slices are the channels and it runs along the numbers of
      their embeddings (attention ``features``). Places are interpolated with the first and last slice at the ends and
      going on beyond them; the package that their code uses shifts them by half a slice, with zeros beyond.
    - Volumes are patches of the lung, of as many slices as voxels a side, instead of 64 slices of 128 x 128; below 64
      pixels the network begins with a convolution of 3 x 3 without pooling. The images are of one channel.
    - What is hidden is predicted from the embeddings of the same step. As in the authors' code f_intra does not learn
      from it; the error is the mean over hidden slices, theirs, over all, is `mask_over` ``all``. Each number of the
      embeddings of slices has mean 0 and variance 1, by batch norm, as otherwise all volumes look alike.
    - L_intra has a projection of the joined embedding of all stages instead of the last stage's. The stage that is last
      enters that embedding once, not twice.
    - Views of volumes are those of all methods here, two of one kind; the authors draw two of seven changes. Views of
      slices are two crops, turned, mirrored, with noise and contrast; there are no small crops beside them.
    - DeepCluster-V2 clusters for the first time when its memory holds twice as many samples as there are prototypes,
      not after a pass over all of them; each patch has its own few slices, which stay. SwAV has no queue.
    - The kept representation is the mean embedding of the slices beside the mean of what f_inter makes of them; the
      publication transfers the networks.
    - Batch norm is of each process; its statistics are estimated anew after training, from the slices of patches.

    Parameters
    ----------
    settings : JointSettings
    atlas : Atlas
    """

    row = Row("Joint image-volume", "#D95F8C", 395)
    Settings = JointSettings
    metrics = ("loss_intra", "loss_mask", "loss_inter", "chance", "in_use_2d", "in_use_3d")
    curves = MappingProxyType({"loss_intra": "slices' clusters", "loss_mask": "hidden slices",
                               "loss_inter": "volumes' clusters"})  # fmt: skip

    def __init__(self, settings: JointSettings, atlas):
        super().__init__(settings, atlas)
        self.network = JointNetwork(settings)
        self.kinds, self.weights = settings.kinds(), settings.weights()
        self.pictures = ()
        if settings.images:
            from drasclr_core.cohort.images import read_stream  # loads readers of pictures and DICOM

            self.pictures = read_stream(settings.images)
        self.still: list[Tensor] = []
        guessing = self.network.flat_clusters.guessing, 1.0, self.network.volume_clusters.guessing
        told = [value if name in self.weights else 0.0 for name, value in zip(LOSSES, guessing, strict=True)]
        self.register_buffer("told", torch.tensor([*told, guessing[0], 1.0, 1.0]))  # the newest of each metric
        if settings.compile:
            self.encoder.intra.compile(mode=settings.compile)

    @classmethod
    def within(cls, run: Run, settings: JointSettings) -> JointSettings:
        if settings.images not in STREAMS:
            return settings
        from drasclr_core.cohort.images import stream_folder

        return replace(settings, images=str(stream_folder(run, settings.images)))

    @property
    def encoder(self) -> JointEncoder:
        return self.network.encoder

    def optimizer(self) -> torch.optim.Optimizer:
        """SGD, with LARC if so set; a part that a step does not reach keeps still, whatever its momentum."""
        settings, trained = self.settings, list(self.parameters())
        how = {"lr": settings.lr, "momentum": settings.momentum, "weight_decay": settings.weight_decay}
        made = LARC(trained, **how, trust=settings.trust) if settings.larc else torch.optim.SGD(trained, **how)
        made.register_step_pre_hook(self._keep_still)
        return made

    def _keep_still(self, *_) -> None:
        for weight in self.still:
            weight.grad = None

    def rate(self, epoch: int, done: float) -> float:
        """Factor of the learning rate after a share `done` of all steps: warm-up and cosine, anew in each stage."""
        return warmed_rate(1.0, self._stage_done(done), self.settings.warmup)

    def _stage_done(self, done: float) -> float:
        return stage_of(done, len(self.kinds) if self.settings.schedule == "stages" else 1)[1]

    def sampler(self, subjects: int, processes: int) -> JointSampler:
        settings = self.settings
        return JointSampler(settings.schedule, self.kinds, len(self.pictures), settings.images_per_step,
                            settings.most_steps, settings.epochs, len(self.locations), subjects, settings.batch_size,
                            settings.landmarks_per_step, settings.seed, processes)  # fmt: skip

    def read(self, store, batch: JointBatch, shard: BatchShard) -> Stored:
        seen, each = batch.turn.seen, self.settings.slices_per_patch
        patches = patch_samples(batch, shard, len(self.locations), len(store.sids))
        needed = "slices" in seen or "volumes" in seen
        stored = read_mixed(store, batch, shard.rows) if needed else np.empty((0, 8, 8, 8), np.int16)
        mine = batch.images[image_rows(batch, shard)]
        images = 2 * self.pictures.read(mine) - 1 if len(mine) else np.empty((0, 8, 8), np.float32)
        flat = flat_samples(batch, shard, patches, each, len(self.pictures)) if "intra" in batch.turn.losses else None
        return Stored(stored, images, flat, patches if "volumes" in seen else None, each if "slices" in seen else 0)

    def views(self, patches: Stored, generator: torch.Generator, shard: BatchShard) -> JointViews:
        settings, device = self.settings, generator.device
        flat = flat_of = volumes = volumes_of = mask = None
        if patches.flat is not None:
            flat_of, stacks = to(patches.flat, device), []
            if patches.slices:
                stored = to_device(patches.patches, device)
                anew = generator if settings.engine == "swav" else None
                stacks.append(cut_slices(stored, choose_slices(flat_of, *stored.shape[:2], patches.slices, anew)))
            if len(patches.images):
                stacks.append(to_device(patches.images, device)[:, None])
            flat = flat_views(stacks, flat_of, settings.augmentation, settings.crop_area, generator)
        if patches.volumes is not None:
            volumes_of = to(patches.volumes, device)
            drawn = [draw_view(settings.augmentation, patches.patches, generator, shard) for _ in range(2)]
            volumes = torch.stack(drawn)
            mask = draw_mask(shard.size, volumes.shape[-1], settings.mask_share, generator)[volumes_of.rows]
        return JointViews(flat, flat_of, volumes, volumes_of, mask)

    def step(self, batch: JointBatch, views: JointViews, shard: BatchShard) -> tuple[Tensor, Iterable[Tensor]]:
        """The weighted sum of this turn's losses; what another turn tells is logged as it last was."""
        losses, frozen = batch.turn.losses, self._stage_done(self.done) < self.settings.frozen
        with self._repeatable(batch, shard):
            made = self.network(views, losses, frozen)
        for place, name in enumerate(self.metrics):
            if name.removeprefix("loss_") in made:
                self.told[place] = made[name.removeprefix("loss_")].detach()
        self.still = self.network.unreached(losses, frozen)
        loss = sum(self.weights[name] * made[name] for name in losses)
        loss = loss + 0 * sum(weight.sum() for weight in self.still)  # several processes need every one in every step
        return loss, self.told.clone()

    @contextmanager
    def _repeatable(self, batch: JointBatch, shard: BatchShard) -> Iterator[None]:
        """Dropout draws from the global generator: here it follows from seed, step and process, also when resumed."""
        device = self.told.device
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            state = np.random.SeedSequence([self.settings.seed, batch.step, int(shard.rows[0]), 5])
            torch.manual_seed(int(state.generate_state(1, np.uint64)[0] >> 1))
            yield


def pretext_pictures(stored: Tensor, settings: JointSettings, generator: torch.Generator) -> dict[str, Tensor]:
    """Returns what is learnt from patches, by what a figure calls it.

    Parameters
    ----------
    stored : int16 Tensor [N, m, m, m]
        HU.
    settings : JointSettings
    generator : torch.Generator

    Returns
    -------
    dict of float32 Tensor [N, n, n, n]
        About [-1, 1]: each slice along the last axis in two views of its own, then two views of the volume, of the
        second of which some slices are hidden.
    """
    augment, size = settings.augmentation, settings.augmentation.size
    slices, shown = slices_of(center_views(stored, size)), {}
    for name in ("slices, one view", "slices, another view"):
        draws = draw_image_views(slices[..., 0, 0].numel(), augment, settings.crop_area, generator)
        shown[name] = slices_of(image_views(slices.flatten(0, 1)[:, None], draws).view_as(slices)).contiguous()
    one, other = (augment(stored[:, None], generator)[:, 0] for _ in range(2))
    mask = draw_mask(len(stored), size, settings.mask_share, generator)[:, None, None, :, 0]
    return shown | {"volume, one view": one, "another view": other, "slices hidden": other.masked_fill(mask, -1.0)}
