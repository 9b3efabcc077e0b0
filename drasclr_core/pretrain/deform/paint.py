"""Painting: boxes of noise inside a cube, or noise around what is left of it."""

from __future__ import annotations

import torch
from torch import Tensor

from drasclr_core.pretrain.deform.boxes import per_axis, union_of_boxes, whole

MOST = 5
"""Boxes, or windows that are left, of one cube."""
ANOTHER = 0.95
"""Probability of each further one."""


def margin(length: int) -> int:
    """Returns how far from the border boxes lie: 3 voxels as published, in edges below 32 as much less."""
    return min(3, 3 * length // 32)


def draw_inner(count: int, shape: tuple[int, int, int], generator: torch.Generator) -> Tensor:
    """Returns which voxels in-painting hides, bool [count, *shape]: up to five boxes.

    Their edges are a sixth to a third of the cube's. One in twenty cubes has none, as in the authors' code.
    """
    used = torch.rand(count, MOST, generator=generator, device=generator.device) < ANOTHER
    least, most = ([length // part for length in shape] for part in (6, 3))
    return _boxes(used.cumprod(dim=1).bool(), least, most, shape, generator)


def draw_outer(count: int, shape: tuple[int, int, int], generator: torch.Generator) -> Tensor:
    """Returns which voxels out-painting hides, bool [count, *shape]: all but one to five windows.

    Their edges are three to four sevenths of the cube's.
    """
    used = torch.rand(count, MOST, generator=generator, device=generator.device) < ANOTHER
    used[:, 0] = True
    least, most = ([length - part * length // 7 for length in shape] for part in (4, 3))
    return ~_boxes(used.cumprod(dim=1).bool(), least, most, shape, generator)


def _boxes(used: Tensor, least: list[int], most: list[int], shape: tuple[int, int, int],
           generator: torch.Generator) -> Tensor:  # fmt: skip
    device = generator.device
    size, place = torch.rand(2, *used.shape, 3, generator=generator, device=device).unbind()
    sizes = whole(size, per_axis(least, device), per_axis(most, device))
    edge = per_axis([margin(length) for length in shape], device)
    starts = whole(place, edge, per_axis(shape, device) - sizes - edge)
    return union_of_boxes(starts, sizes, used, shape)
