"""Cut-out of Swin UNETR: many boxes of noise, then of another patch, over up to a share of all voxels."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from drasclr_core.pretrain.deform.boxes import union_of_boxes, whole

MOST_SHARE = 0.3
"""Of the voxels of a cube, at most, in boxes; those that boxes share count for each."""
LEAST_EDGE, MOST_EDGE = 0.05, 0.25
"""Edges of a box, as a part of the cube's; the largest is one voxel less, as in the authors' code."""

NOISE_SD = 0.147
"""Of the noise. The authors' code scales the noise of each box to span [0, 1], which gives this for boxes of the
published size; in boxes of a few voxels it would give two extreme values, and in one of a single voxel none."""


def edges(size: int) -> tuple[int, int]:
    """Returns the least and largest edge of a box in a cube of `size` voxels: 4 and 23 in the published 96.

    In small cubes, where no voxel would be left between them, they are 1 and 2.
    """
    least = max(1, int(LEAST_EDGE * size))
    return least, max(least + 1, int(MOST_EDGE * size) - 1)


def draw_cutout(count: int, size: int, generator: torch.Generator) -> Tensor:
    """Returns which voxels of `count` cubes are cut out, bool [count, size, size, size].

    A share of the voxels is drawn uniformly up to 30 %, and boxes follow each other until their voxels, counted for
    each, are as many. A box may begin anywhere and is cut off at the border.
    """
    least, most = edges(size)
    voxels, device = size**3, generator.device
    wanted = torch.rand(count, generator=generator, device=device) * MOST_SHARE * voxels
    # As many boxes as fill the largest share twice, on average: that so many do not suffice practically never happens.
    within = sum(min(edge, size - first) for edge in range(least, most + 1) for first in range(size - least))
    each = (within / ((most + 1 - least) * (size - least))) ** 3
    number = math.ceil(2 * MOST_SHARE * voxels / each)
    edge, place = torch.rand(2, count, number, 3, generator=generator, device=device).unbind()
    starts = whole(place, 0, size - least - 1)
    sizes = torch.minimum(whole(edge, least, most), size - starts)
    filled = sizes.prod(dim=2).cumsum(dim=1)
    before = torch.cat([torch.zeros_like(filled[:, :1]), filled[:, :-1]], dim=1)
    return union_of_boxes(starts, sizes, before < wanted[:, None], (size,) * 3)


def draw_noise(count: int, size: int, generator: torch.Generator) -> Tensor:
    """Returns noise in [0, 1], float [count, size, size, size]: Gaussian, around the middle, with `NOISE_SD`."""
    noise = torch.randn(count, *(size,) * 3, generator=generator, device=generator.device)
    return (0.5 + NOISE_SD * noise).clamp_(0, 1)


def cutout(cubes: Tensor, cut: Tensor, noise: Tensor) -> Tensor:
    """Returns cubes [B, n, n, n] that show `noise` where they are `cut`."""
    return torch.where(cut, noise.to(cubes), cubes)


def swap_boxes(cubes: Tensor, cut: Tensor, sources: Tensor, partner: Tensor) -> Tensor:
    """Returns cubes [B, n, n, n] that show those of their partners where they are `cut`.

    Parameters
    ----------
    cubes : Tensor [B, n, n, n]
    cut : bool Tensor [B, n, n, n]
    sources : Tensor [B, n, n, n]
        What the partners show.
    partner : int Tensor [B]
        Positions in the batch; whose partner is the cube itself keeps all of it.
    """
    own = torch.arange(len(cubes), device=cubes.device) == partner
    return torch.where(cut & ~own[:, None, None, None], sources[partner], cubes)
