"""Cubes at random places of the stored patches, voxel for voxel."""

from __future__ import annotations

import torch
from torch import Tensor


def draw_places(count: int, stored: int, size: int, generator: torch.Generator) -> Tensor:
    """Returns the first voxels of `count` cubes, int [count, 3], anywhere in patches of `stored` voxels a side."""
    return torch.randint(stored - size + 1, (count, 3), generator=generator, device=generator.device)


def crop(patches: Tensor, places: Tensor, size: int) -> Tensor:
    """Returns the cubes [B, size, size, size] of patches [B, n, n, n] that begin at `places`, int [B, 3]."""
    sample = torch.arange(len(patches), device=patches.device)[:, None, None, None]
    x, y, z = (places[:, :, None] + torch.arange(size, device=patches.device)).unbind(1)
    return patches[sample, x[:, :, None, None], y[:, None, :, None], z[:, None, None, :]]
