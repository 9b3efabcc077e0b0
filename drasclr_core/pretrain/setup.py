"""What a training starts from: processes and devices, and the untrained method."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING

import torch

from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.settings import TrainingSettings

if TYPE_CHECKING:
    from lightning.fabric import Fabric

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of mallopt, in glibc's malloc.h


def start_processes(settings: TrainingSettings) -> Fabric:
    """Returns device, precision and processes. Under torchrun or Slurm this process joins the others.

    Raises
    ------
    ValueError
        For mixed precision on a CPU: there the bf16 convolution's weight gradient is sometimes not a number (oneDNN as
        of torch 2.13, kernels 3 on 2^3 voxels with channels last, about one backward pass in ten).
    """
    from lightning.fabric import Fabric  # takes seconds, so only where something is trained
    from lightning.fabric.strategies import DDPStrategy

    if settings.threads:
        torch.set_num_threads(settings.threads)
    # Banks are buffers that all processes keep alike: sending them round in every step would only cost time.
    several = settings.devices * settings.nodes > 1
    strategy = DDPStrategy(broadcast_buffers=False) if several else "auto"
    fabric = Fabric(accelerator=settings.accelerator, strategy=strategy, devices=settings.devices,
                    num_nodes=settings.nodes, precision=settings.precision)  # fmt: skip
    if fabric.device.type == "cpu":
        if "mixed" in settings.precision:
            raise ValueError(f"Precision {settings.precision} on a CPU gives wrong gradients: take 32-true, or a GPU.")
        keep_memory()
    fabric.launch()
    return fabric


def keep_memory(keep: bool = True) -> None:
    """Lets this process keep the memory of large tensors instead of giving it back and taking it anew in every step.

    Linux hands out memory page by page, which takes a seventh of a training step on a CPU (patches of 32^3, batch of
    32, one thread). The price is about a seventh more memory.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_MMAP_MAX, 0 if keep else 65536)
        libc.mallopt(M_TRIM_THRESHOLD, -1 if keep else 128 * 1024)  # glibc's defaults


def build_method(method: type[Method], settings: TrainingSettings, atlas) -> Method:
    """Returns the untrained method, in training mode; its weights follow from ``settings.seed``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return method(settings, atlas).train()
