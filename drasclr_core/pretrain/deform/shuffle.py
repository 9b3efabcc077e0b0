"""Local shuffling: inside many small windows the voxels change places, so that texture goes and shape stays."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from drasclr_core.pretrain.deform.boxes import per_axis, whole

SHARE = 10
"""A window's edge is at most this part of the cube's."""
LEAST = 2
"""Voxels of the largest window's edge in cubes below 30 voxels, of which a tenth would leave nothing to shuffle."""
COVER = 10_000 * (3.5 * 3.5 * 2) / (64 * 64 * 32)
"""Windows over a voxel, on average: as many as the published 10,000 in cubes of 64 x 64 x 32."""


def largest_window(shape: tuple[int, int, int]) -> list[int]:
    """Returns the largest edges of a window in a cube of this shape, in voxels: 6, 6, 3 in the published cubes."""
    return [max(LEAST, length // SHARE) for length in shape]


def draw_windows(count: int, shape: tuple[int, int, int], generator: torch.Generator, cover: float = COVER
                 ) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Returns the windows of `count` cubes in the order of their shuffling: starts and sizes, int [count, W, 3].

    Edges are uniform from 1 to `largest_window`, and places over all that hold the window.
    """
    largest, device = largest_window(shape), generator.device
    each = math.prod((1 + most) / 2 for most in largest)  # voxels of a window, on average
    number = max(1, round(cover * math.prod(shape) / each))
    size, place = torch.rand(2, count, number, 3, generator=generator, device=device).unbind()
    sizes = whole(size, 1, per_axis(largest, device))
    return whole(place, 0, per_axis(shape, device) - sizes), sizes


def draw_shuffle(count: int, shape: tuple[int, int, int], generator: torch.Generator, cover: float = COVER) -> Tensor:
    """Returns from which voxel of its cube each voxel takes its value, int [count, V] (positions in the flat cube).

    Every window shuffles the voxels of the undeformed cube, and later windows lie over earlier ones, as in the authors'
    code: what a voxel shows was decided by the last window over it.

    Parameters
    ----------
    count : int
    shape : (int, int, int)
        Of the cubes; V is their number of voxels.
    generator : torch.Generator
    cover : float
        Windows over a voxel, on average.
    """
    starts, sizes = draw_windows(count, shape, generator, cover)
    device, voxels = starts.device, math.prod(shape)
    flat = per_axis((shape[1] * shape[2], shape[2], 1), device)
    offsets = torch.cartesian_prod(*(torch.arange(most, device=device) for most in largest_window(shape)))  # [M, 3]
    inside = (offsets < sizes[:, :, None]).all(dim=-1)  # [count, W, M]: a smaller window has fewer of the M places
    voxel = (starts * flat).sum(dim=-1, keepdim=True) + (offsets * flat).sum(dim=-1)
    keys = torch.rand(inside.shape, generator=generator, device=device).masked_fill_(~inside, 2.0)
    rank = (inside.cumsum(dim=-1) - 1).clamp_min_(0)
    source = voxel.gather(2, keys.argsort(dim=-1).gather(2, rank)).flatten(1)  # the k-th place takes the k-th key's
    order = torch.arange(source.shape[1], device=device).expand_as(source)
    order = torch.where(inside.flatten(1), order, -1)
    last = torch.full((count, voxels), -1, device=device)
    last = last.scatter_reduce(1, torch.where(inside, voxel, 0).flatten(1), order, "amax")
    own = torch.arange(voxels, device=device).expand(count, -1)
    return torch.where(last < 0, own, source.gather(1, last.clamp_min(0)))


def shuffle(cubes: Tensor, sources: Tensor) -> Tensor:
    """Returns cubes [B, n, n, n] whose voxels take their values from `sources` [B, V] (see `draw_shuffle`)."""
    return cubes.flatten(1).gather(1, sources).view_as(cubes)
