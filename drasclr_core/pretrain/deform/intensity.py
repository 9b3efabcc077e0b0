"""Other intensities: every grey value goes through a random Bezier curve, so that appearance says less."""

from __future__ import annotations

import torch
from torch import Tensor

STEPS = 1000
"""Points of a curve, between which it is straight."""


def bezier(points: Tensor, t: Tensor) -> Tensor:
    """Returns cubic Bezier curves [B, T, 2] with control points [B, 4, 2] at parameters [T] from 0 to 1."""
    basis = torch.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], dim=1)
    return basis @ points


def change_intensity(cubes: Tensor, inner: Tensor, falling: Tensor) -> Tensor:
    """Returns cubes [B, ...] in [0, 1] whose values went through a curve from (0, 0) to (1, 1), or (0, 1) to (1, 0).

    With control points inside the unit square both coordinates of such a curve never fall, so it is a function.

    Parameters
    ----------
    cubes : Tensor [B, ...]
    inner : Tensor [B, 2, 2]
        The two inner control points, (x, y) in [0, 1].
    falling : bool Tensor [B]
        Dark becomes bright: the curve's x at parameter t goes with its y at 1 - t, as in the authors' code, where only
        the x are sorted.
    """
    inner = inner.to(cubes)
    ends = torch.zeros_like(inner)
    ends[:, 1] = 1
    points = torch.cat([ends[:, :1], inner, ends[:, 1:]], dim=1)
    x, y = bezier(points, torch.linspace(0, 1, STEPS, dtype=cubes.dtype, device=cubes.device)).unbind(2)
    x = x.cummax(dim=1).values.contiguous()  # rounding may turn a flat piece
    y = torch.where(falling[:, None], y.flip(1), y)
    value = cubes.flatten(1)
    right = torch.searchsorted(x, value).clamp_(1, STEPS - 1)
    x0, x1, y0, y1 = x.gather(1, right - 1), x.gather(1, right), y.gather(1, right - 1), y.gather(1, right)
    part = ((value - x0) / (x1 - x0).clamp_min(1e-12)).clamp_(0, 1)
    return torch.lerp(y0, y1, part).view_as(cubes)
