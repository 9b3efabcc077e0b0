"""What can be chosen in every pretraining, whatever the method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Self

from drasclr_core.names import refuse_unknown
from drasclr_core.pretrain.augment import Augmentation
from drasclr_core.values import kind_of, of_type

# Settings that change how it is computed, or what is reported, but not what is learnt.
HOW = ("accelerator", "compile", "devices", "nodes", "threads", "cache_gb", "probe_every", "log_every", "save_every_s")
BUDGET = ("epochs", "most_steps", "batch_size", "seed", "precision", *HOW)
"""What all methods of a run share, so that their rows can be compared; everything else is a method's own."""


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of a pretraining run. A method adds its own in a subclass, with the published values as defaults.

    Attributes
    ----------
    epochs : int
        How often every patch is shown.
    batch_size : int
        Subjects in a step, over all processes.
    lr : float
        Learning rate of the first epoch.
    momentum, weight_decay : float
        Of SGD.
    warmup : float
        Share of all steps over which the learning rate grows to `lr`; it then falls step by step, without it by epoch.
    most_steps : int
        Ends the training after so many steps, within an epoch; 0 for none.
    seed : int
        Everything random follows from it.
    augmentation : Augmentation
        Edge (voxels) and voxel size (mm) of the views, and how far they differ.
    accelerator, precision : str
        For Lightning Fabric: ``auto``, ``cpu`` or ``cuda``; ``32-true``, ``bf16-mixed``, ``64-true``.
    compile : str
        Mode of `torch.compile` for the networks: ``default``, ``reduce-overhead`` (CUDA graphs) or ``max-autotune``;
        empty for none.
    devices, nodes : int
        Processes per machine, and machines, that share each batch (see `BatchShard`).
    threads : int
        CPU threads for the computation; 0 leaves PyTorch's choice.
    cache_gb : float
        Patches are held in memory if they take at most so many gigabytes, otherwise read from the store step by step.
    probe_every : int
        Epochs between two scores of the online linear probe, if there are labels; 0 for none.
    log_every : int
        Steps per row of the log, and between two synchronisations of a GPU.
    save_every_s : float
        Least seconds between two resume states.
    """

    epochs: int = 20
    batch_size: int = 128
    lr: float = 1e-2
    momentum: float = 0.9
    weight_decay: float = 1e-4
    warmup: float = 0.0
    most_steps: int = 0
    seed: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)
    accelerator: str = "auto"
    precision: str = "32-true"
    compile: str = ""
    devices: int = 1
    nodes: int = 1
    threads: int = 0
    cache_gb: float = 2.0
    probe_every: int = 1
    log_every: int = 20
    save_every_s: float = 60.0

    def __post_init__(self):
        for name, least in (("epochs", 1), ("batch_size", 2), ("devices", 1), ("nodes", 1), ("log_every", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be {least} or more.")
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warmup is {self.warmup}; it must be 0 or more and below 1, a share of all steps.")
        if self.lr <= 0:
            raise ValueError(f"lr is {self.lr}; it must be above 0.")

    def that_matter(self) -> dict:
        """The settings that change the result, as plain data; not those that only change how it is computed."""
        return {name: value for name, value in asdict(self).items() if name not in HOW}

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Every setting by its name in a notebook or preset, those of `Augmentation` among them, but not its sizes."""
        own = [one.name for one in fields(cls) if one.name != "augmentation"]
        return (*own, *(one.name for one in fields(Augmentation) if one.name not in ("size", "spacing_mm")))

    @classmethod
    def from_parameters(cls, size: int, spacing_mm: float, parameters: Mapping) -> Self:
        """Settings for views of `size` voxels of `spacing_mm` each.

        Parameters
        ----------
        size : int
        spacing_mm : float
        parameters : mapping
            Some of `names` with their values; the others keep their defaults.

        Raises
        ------
        ValueError
            A name that this method does not know; the message names the nearest one.
        """
        refuse_unknown(parameters, cls.names(), "setting")
        defaults = {one.name: one.default for kind in (cls, Augmentation) for one in fields(kind)}
        given = {name: _as_default(defaults[name], name, value) for name, value in parameters.items()}
        views = {name: given.pop(name) for name in {one.name for one in fields(Augmentation)} & given.keys()}
        return cls(**given, augmentation=Augmentation(size, spacing_mm, **views))


def _as_default(default: object, name: str, value: object) -> object:
    try:
        return of_type(default, value)
    except ValueError:
        raise ValueError(f"{name} is {value!r}, and must be {kind_of(default)}, such as {default}.") from None
