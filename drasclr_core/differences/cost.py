"""What a step costs: operations, bytes of the memory bank, and how often the host waits."""

from __future__ import annotations

import math
import time
from collections import Counter

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from drasclr_core.model import Encoder

BYTES = 4  # of a float32 number
CACHE_LINE = 64  # bytes that a processor fetches at once


class Count(TorchDispatchMode):
    """Counts the operations that PyTorch carries out, by name."""

    def __init__(self):
        super().__init__()
        self.by_name = Counter()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        self.by_name[operation.overloadpacket.__name__] += 1
        return operation(*args, **(kwargs or {}))


def one_by_one(encoder: Encoder, x: Tensor, location: Tensor) -> Tensor:
    """Runs the encoder as a loop over samples: in every layer, each gets a kernel and a convolution of its own.

    Parameters
    ----------
    x : Tensor [B, 1, n, n, n]
    location : Tensor [3]

    Returns
    -------
    Tensor [B, rep_dim]
        The same numbers as ``encoder(x, location)``.
    """
    for block in encoder.blocks:
        conv = block.conv
        samples = []
        for sample in x:
            kernel = torch.tensordot(torch.sigmoid(conv.routing(location)), conv.weight, dims=1)
            samples.append(F.conv3d(sample[None], kernel, conv.bias, conv.stride, conv.padding))
        x = F.elu(block.norm(torch.cat(samples)))
    return x.flatten(1)


def operations(batch: int, seed: int = 0, patch: int = 16) -> dict[str, tuple[int, int]]:
    """Counts operations and convolutions of a forward and backward pass, ``theirs`` (`one_by_one`) and ``ours``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder, x = Encoder(num_experts=2).train(), torch.randn(batch, 1, patch, patch, patch)
    result, location = {}, torch.zeros(3)
    for name, embed in (("theirs", lambda: one_by_one(encoder, x, location)), ("ours", lambda: encoder(x, location))):
        with Count() as count:
            embed().sum().backward()
        convolutions = count.by_name["convolution"] + count.by_name["convolution_backward"]
        result[name] = (count.by_name.total(), convolutions)
        encoder.zero_grad()
    return result


def bank_bytes(landmarks: int = 581, size: int = 4096, dim: int = 128, batch: int = 128) -> tuple[int, int]:
    """Returns the bytes of the keys of a memory bank, and of those that one step adds."""
    return landmarks * size * dim * BYTES, batch * dim * BYTES


def bank_read(landmarks: int = 64, size: int = 2048, dim: int = 64, repeats: int = 5) -> dict[str, tuple[int, float]]:
    """Reads one landmark's keys; returns the cache lines touched, and milliseconds (the fastest of some).

    ``theirs`` is the layout [dim, K, landmark], in which two neighbouring numbers of one landmark are as far apart as
    there are landmarks; ``ours`` is [landmark, K, dim].
    """
    layouts = {"theirs": torch.zeros(dim, size, landmarks)[..., 0], "ours": torch.zeros(landmarks, size, dim)[0]}
    result = {}
    for name, keys in layouts.items():
        smallest = min(keys.stride()) * BYTES
        lines = keys.numel() if smallest >= CACHE_LINE else math.ceil(keys.numel() * smallest / CACHE_LINE)
        seconds = []
        for _ in range(repeats):
            begin = time.perf_counter()
            keys.clone(memory_format=torch.contiguous_format)
            seconds.append(time.perf_counter() - begin)
        result[name] = (lines, 1000 * min(seconds))
    return result


def waits(steps: int = 60, log_every: int = 20) -> tuple[int, int]:
    """Counts how often the host asks for a number, for which it waits on a GPU: every step, and as our loop does it."""
    losses, read = torch.linspace(8, 6, steps), []
    for every in (1, log_every):
        total, done = torch.zeros(()), 0
        with Count() as count:
            for loss in losses.unbind():
                total, done = total + loss, done + 1
                if done == every:
                    (total / done).item()
                    total, done = torch.zeros(()), 0
        read.append(count.by_name["_local_scalar_dense"])
    return read[0], read[1]
