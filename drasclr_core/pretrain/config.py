"""What can be chosen in pretraining."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields

from drasclr_core.pretrain.augment import Augmentation

# Settings that change how it is computed, or what is reported, but not what is learnt.
HOW = ("accelerator", "compile", "devices", "nodes", "threads", "cache_gb", "probe_every", "log_every", "save_every_s")


@dataclass(frozen=True)
class PretrainConfig:
    """Settings of a pretraining run; the defaults are the paper's (Section 3).

    Attributes
    ----------
    epochs, batch_size : int
    bank_size : int
        Negatives per landmark, K.
    max_key_age : int or None
        Steps for which a key may serve as a negative (see `ConditionalMemoryBank`); None is no limit, as in the
        authors' code. A quarter of the key network's memory, 1 / (1 - key_momentum) steps, is a good value.
    visit : int
        Batches of one landmark in a row (see `LandmarkSampler`).
    conditioning : str
        How the location enters the encoder (see `Encoder`).
    num_experts, rep_dim, dim : int
        Experts of every Loc-CondConv layer, length of the representation and of the contrasted embedding.
    neighbors : int
        R; 0 leaves out the neighbouring loss.
    beta, temperature, key_momentum : float
        Weight of the neighbouring loss, softmax temperature, m of the key network.
    key_splits : int
        Parts in which each process's keys go through batch norm. With 1, a key shares its statistics with the patches
        whose other views are the queries; keys of other batches do not, so among those the positive could be told by
        its statistics. It cannot among the keys of its own batch, which `fresh_negatives` adds. 2 or more do on one
        device what shuffling does between several, but statistics of a small part are noisy: the deepest layers see
        one voxel per patch.
    fresh_negatives : bool
        Whether the other subjects of a batch are negatives too (see `DrasCLR`).
    lr, momentum, weight_decay : float
        SGD; the rate falls with a cosine, once per epoch.
    seed : int
        Everything random follows from it.
    augmentation : Augmentation
        Size and voxel size of the views, and how far they differ.
    accelerator, precision : str
        For Lightning Fabric: ``auto``, ``cpu`` or ``cuda``; ``32-true``, ``bf16-mixed``, ``64-true``.
    compile : str
        Mode of `torch.compile` for query and key network: ``default``, ``reduce-overhead`` (CUDA graphs) or
        ``max-autotune``; empty for none.
    devices, nodes : int
        Processes per machine, and machines, that share each batch (see `Share`).
    threads : int
        CPU threads for the computation, 0 leaves PyTorch's choice.
    cache_gb : float
        Patches are held in memory if they take at most so much, otherwise read from the store step by step.
    probe_every : int
        Epochs between two scores of the online linear probe, if there are labels; 0 for none.
    log_every : int
        Steps per row of the log, and between two synchronisations of a GPU.
    save_every_s : float
        Least seconds between two resume states.
    """

    epochs: int = 20
    batch_size: int = 128
    bank_size: int = 4096
    max_key_age: int | None = 250
    visit: int = 32
    conditioning: str = "loc-condconv"
    num_experts: int = 8
    rep_dim: int = 128
    dim: int = 128
    neighbors: int = 2
    beta: float = 1.0
    temperature: float = 0.2
    key_momentum: float = 0.999
    key_splits: int = 1
    fresh_negatives: bool = True
    lr: float = 1e-2
    momentum: float = 0.9
    weight_decay: float = 1e-4
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

    def method(self) -> dict:
        """The settings that change the result, as plain data; not those that only change how it is computed."""
        return {name: value for name, value in asdict(self).items() if name not in HOW}

    @classmethod
    def from_parameters(cls, size: int, spacing_mm: float, **parameters) -> PretrainConfig:
        """Settings for views of `size` voxels of `spacing_mm`; `parameters` are named as here and in `Augmentation`."""
        views = {field.name for field in fields(Augmentation)}
        chosen = {name: parameters.pop(name) for name in views & parameters.keys()}
        return cls(**parameters, augmentation=Augmentation(size, spacing_mm, **chosen))
