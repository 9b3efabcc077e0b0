"""What a pretraining run starts from: processes and devices, the untrained model, the optimiser."""

from __future__ import annotations

import ctypes
import sys

import numpy as np
import torch
from lightning.fabric import Fabric
from lightning.fabric.strategies import DDPStrategy

from drasclr_core.methods.drasclr import DrasCLR
from drasclr_core.model import ConditionalMemoryBank, Encoder, ProjectionHead
from drasclr_core.pretrain.config import PretrainConfig

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of mallopt, in glibc's malloc.h


def start_processes(config: PretrainConfig) -> Fabric:
    """Device, precision and processes. Under torchrun or Slurm this is one of the processes, and joins the others.

    Raises
    ------
    ValueError
        For mixed precision on a CPU: there the bf16 convolution's weight gradient is sometimes not a number (oneDNN as
        of torch 2.13, kernels 3 on 2^3 voxels with channels last, about one backward pass in ten).
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    # The bank is a buffer that all processes keep alike: sending it round in every step would only cost time.
    several = config.devices * config.nodes > 1
    strategy = DDPStrategy(broadcast_buffers=False) if several else "auto"
    fabric = Fabric(accelerator=config.accelerator, strategy=strategy, devices=config.devices, num_nodes=config.nodes,
                    precision=config.precision)  # fmt: skip
    if fabric.device.type == "cpu":
        if "mixed" in config.precision:
            raise ValueError(f"Precision {config.precision} on a CPU gives wrong gradients: take 32-true, or a GPU.")
        keep_memory()
    fabric.launch()
    return fabric


def keep_memory(keep: bool = True) -> None:
    """Let this process keep the memory of large tensors instead of giving it back and taking it anew in every step.

    Linux hands out memory page by page, which takes a seventh of a training step on a CPU (patches of 32^3, batch of
    32, one thread). The price is about a seventh more memory.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_MMAP_MAX, 0 if keep else 65536)
        libc.mallopt(M_TRIM_THRESHOLD, -1 if keep else 128 * 1024)  # glibc's defaults


def build_model(locations: np.ndarray, config: PretrainConfig) -> DrasCLR:
    """The untrained model; its weights follow from ``config.seed``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        encoder = Encoder(config.rep_dim, config.num_experts, config.conditioning)
        head = ProjectionHead(config.rep_dim, config.dim)
        bank = ConditionalMemoryBank(len(locations), config.bank_size, config.dim, config.max_key_age)
    model = DrasCLR(torch.as_tensor(locations, dtype=torch.float32), encoder, head, bank, config.temperature,
                    config.key_momentum, config.fresh_negatives)  # fmt: skip
    if config.compile:
        model.query.compile(mode=config.compile)
        model.key.compile(mode=config.compile)
    return model.train()


def build_optimizer(model: DrasCLR, config: PretrainConfig) -> torch.optim.Optimizer:
    """SGD of the query network."""
    return torch.optim.SGD(model.query.parameters(), config.lr, config.momentum, weight_decay=config.weight_decay,
                           fused=True)  # fmt: skip
