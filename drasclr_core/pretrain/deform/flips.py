"""Flips and quarter turns of whole cubes, which the restored cube shares."""

from __future__ import annotations

import torch
from torch import Tensor

MOST = 3
"""Flips of one cube."""


def draw_flips(count: int, rate: float, generator: torch.Generator) -> Tensor:
    """Returns along which axes cubes are flipped, bool [count, 3].

    A cube is flipped along an axis of three, and again with the same probability, up to three times; twice along one
    axis is not at all. (The authors' code counts the channels as the first of its three axes: a third of its flips do
    nothing, and none is along the last axis of the cube.)
    """
    device = generator.device
    going_on = (torch.rand(count, MOST, generator=generator, device=device) < rate).cumprod(dim=1).bool()
    axis = torch.randint(3, (count, MOST), generator=generator, device=device)
    times = torch.zeros(count, 3, dtype=torch.long, device=device).scatter_add(1, axis, going_on.long())
    return times % 2 == 1


def flip(cubes: Tensor, flips: Tensor) -> Tensor:
    """Returns cubes [B, n, n, n], each flipped along its own axes, bool [B, 3]."""
    for axis in range(3):
        cubes = torch.where(flips[:, axis, None, None, None], cubes.flip(axis + 1), cubes)
    return cubes


def quarter_turns(cubes: Tensor, turns: Tensor) -> Tensor:
    """Returns cubes [B, n, n, n], each turned by 0 to 3 quarters, int [B], in the plane of its last two axes.

    With axes to the right, front and top this is the sagittal plane (`torch.rot90`).
    """
    turned = torch.stack([cubes.rot90(quarters, (2, 3)) for quarters in range(4)])
    return turned[turns, torch.arange(len(cubes), device=cubes.device)]
