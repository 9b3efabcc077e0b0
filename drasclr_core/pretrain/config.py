"""What can be chosen in pretraining."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from drasclr_core.pretrain.augment import Augmentation


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
    num_experts, rep_dim, dim : int
        Experts of every Loc-CondConv layer, length of the representation and of the contrasted embedding.
    neighbors : int
        R; 0 leaves out the neighbouring loss.
    beta, temperature, key_momentum : float
        Weight of the neighbouring loss, softmax temperature, m of the key network.
    key_splits : int
        Parts in which the key batch goes through batch norm (see `DrasCLR`).
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
    threads : int
        CPU threads for the computation, 0 leaves PyTorch's choice.
    cache_gb : float
        Patches are held in memory if they take at most so much, otherwise read from the store step by step.
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
    threads: int = 0
    cache_gb: float = 2.0
    log_every: int = 20
    save_every_s: float = 60.0

    def method(self) -> dict:
        """The settings that change the result, as plain data; not those that only change how it is computed."""
        return {
            name: value for name, value in asdict(self).items() if name not in ("threads", "cache_gb", "save_every_s")
        }
