"""What the training loop asks of a method: its settings, its batches, one step, and the encoder that is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.pretrain.sampling import LandmarkSampler
from drasclr_core.pretrain.schedule import cosine_rate, warmed_rate
from drasclr_core.pretrain.settings import BUDGET, TrainingSettings
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.statistics import estimate_statistics, voxel_in_locations
from drasclr_core.run import Run


class Method(nn.Module, ABC):
    """A pretraining method: the module that is trained, with everything that is particular to it.

    The loop sees to processes, devices, reading ahead, the schedule, logging, the probe and resuming; all that a run
    must remember is this module's state (networks, banks) and the optimiser's. Everything random comes from the
    generator that the loop passes, or from `settings.seed` while the module is built.

    Parameters
    ----------
    settings : TrainingSettings
        An instance of the method's `Settings`.
    atlas : Atlas
        Gives ``locations`` [L, 3], ``centres`` [L, 3], ``box`` [2, 3] and ``neighbors(R)`` [L, R].

    Attributes
    ----------
    name : str
        That of the file which defines it.
    sees : str
        What a step's batch is made of: ``patches`` at landmarks, or ``volumes``, all of the lungs in one cube, which
        then stand for the patches of one landmark (`VolumeStore`; see `VolumeMethod`).
    Settings : type
        Dataclass of the settings, with the published defaults.
    takes : tuple of str
        Which parameters of notebook 06 the method takes; its other settings are given by the parameter ``settings``.
    fixed : dict
        Settings that make the method what it is, whatever the notebook says.
    metrics : tuple of str
        Names of the numbers that `step` returns, in the log's order. Notebook 06 draws ``accuracy``, ``alignment`` and
        ``uniformity`` where they are among them, and ``chance``, the loss of who has learnt nothing, beside the losses.
    curves : dict
        The losses among `metrics`, with what a figure calls them; the first is watched.
    encoder : PatchEncoder
        The part that is kept.
    done : float
        Share of all steps that lie behind, which the loop sets before each step, also of a resumed run.
    """

    name: ClassVar[str]
    sees: ClassVar[str] = "patches"
    Settings: ClassVar[type[TrainingSettings]] = TrainingSettings
    takes: ClassVar[tuple[str, ...]] = BUDGET
    fixed: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    metrics: ClassVar[tuple[str, ...]] = ()
    curves: ClassVar[Mapping[str, str]] = MappingProxyType({})
    encoder: PatchEncoder
    done: float = 0.0

    def __init__(self, settings: TrainingSettings, atlas):
        super().__init__()
        self.settings, self.box = settings, np.asarray(atlas.box, dtype=float)
        self.register_buffer("locations", torch.as_tensor(atlas.locations, dtype=torch.float32), persistent=False)

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        cls.name = cls.__module__.rpartition(".")[2]

    @classmethod
    def configure(cls, size: int, spacing_mm: float, parameters: Mapping) -> TrainingSettings:
        """The settings of this method from the parameters of notebook 06, the same for notebook and command.

        Parameters
        ----------
        size : int
            Edge of a view in voxels.
        spacing_mm : float
            Edge of a voxel.
        parameters : mapping
            All parameters of the notebook: those in `takes` are used, and all of the mapping ``settings``.

        Raises
        ------
        ValueError
            A setting that this method does not have, or always has with one value; or a value of another type.
        """
        taken = {name: parameters[name] for name in cls.takes if name in parameters}
        own = parameters.get("settings") or {}
        for name in cls.fixed.keys() & own:
            raise ValueError(f"{name} is always {cls.fixed[name]} in {cls.name}: leave it out of settings.")
        return cls.Settings.from_parameters(size, spacing_mm, {**taken, **own, **cls.fixed})

    @classmethod
    def within(cls, run: Run, settings: TrainingSettings) -> TrainingSettings:
        """Returns the settings with the places of what they name and the run's cohort holds."""
        return settings

    @classmethod
    def prepare(cls, store, settings: TrainingSettings) -> None:
        """Makes what the method reads besides patches; raises ValueError, with a remedy, where this cohort lacks it."""

    def look(self, store) -> None:
        """Takes from a cohort's patches what `sampler` deals subjects by; most methods need nothing."""

    def optimizer(self) -> torch.optim.Optimizer:
        """SGD of everything that has a gradient.

        The rate of a group of parameters follows `rate`, unless the group has ``scheduled=False``. Several optimisers
        make a `JointOptimizer`.
        """
        trained = [parameter for parameter in self.parameters() if parameter.requires_grad]
        settings = self.settings
        return torch.optim.SGD(trained, settings.lr, settings.momentum, weight_decay=settings.weight_decay, fused=True)

    def rate(self, epoch: int, done: float) -> float:
        """Factor of the learning rate in an epoch, counted from 0, after a share `done` of all steps: from 1 towards 0.

        A cosine per epoch, as published; with a warm-up per step.
        """
        settings = self.settings
        if settings.warmup:
            return warmed_rate(1.0, done, settings.warmup)
        return cosine_rate(1.0, epoch, settings.epochs)

    def sampler(self, subjects: int, processes: int):
        """The batches: an object with ``steps(epoch)``, how many, and ``epoch(number, start)``, which yields them.

        A batch has ``subjects``, int [B], positions in the patch store.
        """
        settings = self.settings
        return LandmarkSampler(len(self.locations), subjects, settings.batch_size, 1, settings.seed, processes)

    @property
    def patches_per_step(self) -> int:
        """Patches, or scans, of a step, nearly; views of them and neighbours beside them do not count."""
        return self.settings.batch_size

    def key_splits(self) -> int:
        """Parts in which a process's second views go through batch norm (see `BatchShard.of`)."""
        return 1

    @abstractmethod
    def read(self, store, batch, shard: BatchShard):
        """Reads this process's patches of a batch, a NamedTuple of int16 arrays (HU); called in another thread."""

    @abstractmethod
    def views(self, patches, generator: torch.Generator, shard: BatchShard):
        """Draws the views of the patches that were read, a NamedTuple of float32 tensors on the generator's device."""

    @abstractmethod
    def step(self, batch, views, shard: BatchShard) -> tuple[Tensor, Iterable[Tensor]]:
        """One training step.

        Returns
        -------
        loss : Tensor
            A scalar, the mean over this process's part of the batch.
        metrics : iterable of Tensor
            A number for each of `metrics`, without a gradient.
        """

    def forward(self, batch, views, shard: BatchShard) -> tuple[Tensor, Tensor]:
        """`step`: the loss with this process's weight in the batch, then loss and metrics in one vector."""
        loss, metrics = self.step(batch, views, shard)
        metrics = tuple(metrics)
        if len(metrics) != len(self.metrics):
            raise ValueError(f"{self.name}: step gave {len(metrics)} metrics, and `metrics` names {len(self.metrics)}.")
        return loss * shard.weight, torch.stack([value.detach().float() for value in (loss, *metrics)])

    def finish(self, store) -> None:
        """Prepares `encoder` for use after the last step: the statistics of its normalisation."""
        views, seed = self.settings.augmentation, self.settings.seed
        voxel = voxel_in_locations(views.spacing_mm, self.box)
        estimate_statistics(self.encoder, store, self.locations, views.size, seed, voxel)
