"""Random boxes inside a cube."""

from __future__ import annotations

import torch
from torch import Tensor


def union_of_boxes(starts: Tensor, sizes: Tensor, used: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Returns which voxels lie in any of the boxes, bool [B, *shape].

    Parameters
    ----------
    starts, sizes : int [B, K, 3]
        First voxel and edges of each box, in voxels; what reaches outside is cut off.
    used : bool [B, K]
        Which of the boxes count.
    shape : (int, int, int)
    """
    along = []
    for axis, length in enumerate(shape):
        place = torch.arange(length, device=starts.device)
        first = starts[..., axis, None]
        along.append(((place >= first) & (place < first + sizes[..., axis, None])).float())
    x, y, z = along
    plane = (x * used[..., None])[..., :, None] * y[..., None, :]  # [B, K, n, n]
    return torch.einsum("bkxy,bkz->bxyz", plane, z) > 0.5


def whole(drawn: Tensor, low: Tensor | int, high: Tensor | int) -> Tensor:
    """Returns whole numbers from `low` to `high`, both included, from numbers `drawn` uniformly from [0, 1)."""
    return low + (drawn * (high - low + 1)).long()


def per_axis(numbers: list[int] | tuple[int, ...], device: torch.device) -> Tensor:
    """Returns one number for each axis, int [3]."""
    return torch.tensor(numbers, device=device)
