"""Context SSL: contrast of patches that know their place, and of subjects as graphs of landmarks (Sun et al. 2021)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.methods.row import Row
from drasclr_core.model import ConditionalMemoryBank, ProjectionHead
from drasclr_core.model.context_encoder import ContextEncoder
from drasclr_core.model.encoder import check_locations
from drasclr_core.model.landmark_graph import graph_edges
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.pretrain.blocks import draw_block_views, read_block
from drasclr_core.pretrain.contrast import WATCHED, Contrast, against_bank
from drasclr_core.pretrain.image_statistics import estimate_image_statistics
from drasclr_core.pretrain.levels import LevelBatch, LevelSampler
from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.momentum import ProjectedEncoder, embed_keys, follow, key_network
from drasclr_core.pretrain.settings import TrainingSettings
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import Patches, Views

PART = 1024  # patches that are embedded at once for the graph


@dataclass(frozen=True)
class ContextSSLSettings(TrainingSettings):
    """Settings of Context SSL; the defaults are the authors' (``train.sh`` and code).

    Attributes
    ----------
    batch_size : int
        Subjects in a step of patches, at each of its landmarks.
    width, dim : int
        Features of a patch before its location is appended, and of an image; length of the contrasted embeddings.
    norm : str
        Normalisation of the CNN: ``batch``, as published, or ``landmark`` (see `Encoder`), by which batches of one
        landmark are normalised alike in training and in use.
    bank_size, graph_bank_size : int
        Keys of each landmark, and keys of subjects.
    temperature, key_momentum : float
        Of both levels.
    overlap : float
        Landmarks are neighbours in the graph if their patches overlap by more than this part of a patch.
    graph_epochs : int
        Passes over the subjects after each epoch of patches; 0 leaves the graph untrained.
    graph_batch_size : int
        Subjects in a step of the graph.
    landmarks_per_step, landmark_run_length : int
        Landmarks in a step of patches, and steps of the same ones in a row (see `LevelSampler`).
    fresh_negatives : bool
        Put a batch's keys into the bank before it is contrasted (see `DrasCLRSettings`).
    max_key_age : int
        Steps of its level for which a key may serve as a negative; 0 is no limit.
    """

    epochs: int = 50
    batch_size: int = 128
    lr: float = 0.03
    width: int = 128
    dim: int = 128
    norm: str = "batch"
    bank_size: int = 4096
    graph_bank_size: int = 4096
    temperature: float = 0.2
    key_momentum: float = 0.999
    overlap: float = 0.13
    graph_epochs: int = 10
    graph_batch_size: int = 16
    landmarks_per_step: int = 1
    landmark_run_length: int = 1000
    fresh_negatives: bool = False
    max_key_age: int = 0


class ContextSSL(Method):
    """Momentum contrast at two levels, which train in turn.

    Patches: a plain CNN, to whose features the location is appended, contrasts the patches of a landmark with a bank
    of that landmark (L = CE over [q k, q bank] / tau). Subjects: a graph convolution joins the features of a subject's
    landmarks, and its mean is contrasted with a bank of subjects. An image is described by the graph.

    Reference: Sun, Yu, Batmanghelich, "Context Matters: Graph-based Self-supervised Representation Learning for
    Medical Images", AAAI 2021.

    What differs from the publication:

    - The graph is that of the atlas, the same for all: the authors overlap the patches of every scan, whose corners
      registration has moved, but whose size and axes it has not. On a grid whose patches do not overlap enough, they
      are taken larger (`graph_edges`).
    - The graph gets features of patches without their location, and no gradient goes from it to the CNN: so does the
      authors' code; the paper's figure can be read otherwise.
    - A key of the own subject is no negative. Keys may have a greatest age, and the own batch's may be negatives.
    - A step may mix landmarks (`landmarks_per_step`), each contrasted with its own bank, so that batch norm sees the
      lung; and landmarks come in random order.
    - Views are the project's: the affine map in the interpolation that cuts the patch out of a larger one, then noise,
      then contrast; the authors' code takes them in the other order, and adds an elastic deformation.
    - The rate of the graph falls with that of the CNN; the authors' rises and falls every 100 passes.
    - Statistics of batch norm are estimated after training, over all landmarks and, for the graph, over subjects;
      `norm` can be that of each landmark.
    - One process: in a step of one level the other has no gradient, which is not shared between processes.

    Parameters
    ----------
    settings : ContextSSLSettings
    atlas : Atlas
    """

    row = Row("Context SSL", "#6699CC", 390, {
        "table2": "Context SSL", "table3": "Imaging: Context SSL", "table4": "Context SSL"})  # fmt: skip
    Settings = ContextSSLSettings
    metrics = ("loss_patch", "loss_graph", *WATCHED, "graph_accuracy", "graph_chance")
    curves = MappingProxyType({"loss_patch": "patch", "loss_graph": "graph"})

    def __init__(self, settings: ContextSSLSettings, atlas):
        super().__init__(settings, atlas)
        check_locations(self.locations)
        view, landmarks = settings.augmentation, len(self.locations)
        edges = graph_edges(atlas.centres, view.size * view.spacing_mm, settings.overlap)
        self.encoder = ContextEncoder(settings.width + 3, landmarks, edges, settings.norm)
        age = settings.max_key_age or None
        self.query = ProjectedEncoder(self.encoder.patch, ProjectionHead(self.encoder.rep_dim, settings.dim))
        self.key = key_network(self.query)
        self.bank = ConditionalMemoryBank(landmarks, settings.bank_size, settings.dim, age)
        self.graph_query = nn.Sequential(self.encoder.graph, ProjectionHead(settings.width, settings.dim))
        self.graph_key = key_network(self.graph_query)
        self.graph_bank = ConditionalMemoryBank(1, settings.graph_bank_size, settings.dim, age)
        # What the log shows of the level whose turn it is not: its last step; of the graph, before, what
        # guessing among a full bank has.
        shown = torch.zeros(len(self.metrics))
        if settings.graph_epochs:
            shown[[1, -1]] = math.log(settings.graph_bank_size)
        self.register_buffer("shown", shown)
        if settings.compile:
            for network in (self.query, self.key, self.graph_query, self.graph_key):
                network.compile(mode=settings.compile)

    def sampler(self, subjects: int, processes: int) -> LevelSampler:
        if processes > 1:
            raise ValueError("context_ssl trains in one process: take devices=1 and nodes=1.")
        settings = self.settings
        return LevelSampler(len(self.locations), subjects, settings.batch_size, settings.landmarks_per_step,
                            settings.landmark_run_length, settings.graph_batch_size, settings.graph_epochs,
                            settings.seed)  # fmt: skip

    @property
    def patches_per_step(self) -> int:
        return self.settings.batch_size * self.settings.landmarks_per_step

    def read(self, store, batch: LevelBatch, shard: BatchShard) -> Patches:
        return read_block(store, batch, shard)

    def views(self, patches: Patches, generator: torch.Generator, shard: BatchShard) -> Views:
        count = len(patches.query) // len(shard.rows)
        return draw_block_views(self.settings.augmentation, patches, count, generator, shard)

    def step(self, batch: LevelBatch, views: Views, shard: BatchShard) -> tuple[Tensor, Tensor]:
        """Contrast of patches or of subjects, whose keys go to the bank; the metrics of the other are its last ones."""
        made = (
            self.contrast_subjects(batch, views, shard) if batch.whole else self.contrast_patches(batch, views, shard)
        )
        with torch.autocast(made.key.device.type, enabled=False):  # similarities need more digits than bf16 has
            loss, _ = made.losses(self.settings.temperature)
            watched = dict(zip(WATCHED, made.watched(self.settings.temperature), strict=True))
        if batch.whole:
            found = {"loss_graph": loss, "graph_accuracy": watched["accuracy"], "graph_chance": watched["chance"]}
        else:
            found = {"loss_patch": loss, **watched}
        for name, value in found.items():
            self.shown[self.metrics.index(name)] = value.detach()
        return loss, self.shown.clone()

    def contrast_patches(self, batch: LevelBatch, views: Views, shard: BatchShard) -> Contrast:
        """Embeds the patches of a few landmarks [P, b, C] and puts their keys into the landmarks' banks."""
        landmarks, locations = batch.landmarks.tolist(), self.locations[batch.landmarks.tolist()]
        groups = LocationGroups(locations, [len(shard.rows)] * len(landmarks))
        query = self.query(views.query, groups).unflatten(0, (len(landmarks), len(shard.rows)))
        follow(self.key, self.query, self.settings.key_momentum)
        keys = embed_keys(self.key, views.key, locations, shard)
        return against_bank(
            self.bank, landmarks, batch.subjects, shard, query, keys, fresh=self.settings.fresh_negatives
        )

    def contrast_subjects(self, batch: LevelBatch, views: Views, shard: BatchShard) -> Contrast:
        """Embeds subjects [b, C], from features of their patches that get no gradient, and puts their keys into the
        bank."""
        subjects, fresh = len(shard.rows), self.settings.fresh_negatives
        query = F.normalize(self.graph_query(self.nodes(views.query, subjects)), dim=1)
        follow(self.graph_key, self.graph_query, self.settings.key_momentum)
        with torch.no_grad():
            keys = F.normalize(self.graph_key(self.nodes(views.key, subjects)), dim=1).to(self.graph_bank.keys)
        return against_bank(self.graph_bank, 0, batch.subjects, shard, query, keys, fresh=fresh)

    @torch.no_grad()
    def nodes(self, views: Tensor, subjects: int) -> Tensor:
        """Returns features [subjects, L, width] of the patches [L subjects, 1, n, n, n] of subjects, by the CNN with
        its running statistics, as in the authors' code; landmark norm has none yet, and takes those of the batch."""
        cnn, together = self.encoder.patch.cnn, max(1, PART // subjects)
        cnn.train(self.settings.norm == "landmark")
        parts = zip(views.split(together * subjects), self.locations.split(together), strict=True)
        features = [cnn(part, LocationGroups(places, [subjects] * len(places))) for part, places in parts]
        cnn.train()
        return torch.cat(features).unflatten(0, (-1, subjects)).transpose(0, 1)

    def finish(self, store) -> None:
        super().finish(store)
        estimate_image_statistics(self.encoder, store, self.locations, self.settings.augmentation.size,
                                  self.settings.seed)  # fmt: skip


def pretext_pictures(stored: Tensor, settings: ContextSSLSettings, generator: torch.Generator) -> dict[str, Tensor]:
    """Returns what the method is shown of patches, by captions: two random views of each.

    Parameters
    ----------
    stored : int16 Tensor [N, n, n, n]
        HU, of N subjects at one landmark.
    settings : ContextSSLSettings
    generator : torch.Generator
        On the device of the patches.

    Returns
    -------
    dict of str to float32 Tensor [N, size, size, size]
        About [-1, 1].
    """
    draw = settings.augmentation
    return {name: draw(stored[:, None], generator)[:, 0] for name in ("query view", "key view")}
