"""Attention along the slices of a volume: deformable, which looks at a few places that it chooses, and plain.

Deformable attention (Xia et al., CVPR 2022, Eq. 2 to 6), in one dimension. Of slice embeddings x [S, C]:

- queries q = x W_q, and key places r_j, every `stride`-th slice, spread evenly from the first slice to the last;
- each place moves: p_j = r_j + reach tanh(offset(q)_j), in distances between key places;
- what is seen there is interpolated between slices: x~_j = x(p_j), with keys k = x~ W_k and values v = x~ W_v;
- z = softmax(q k^T / sqrt(d) + b(i - p_j)) v, with a bias b that follows from the distance, and W_o ends it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PositionBias(nn.Module):
    """A bias of attention that an MLP of the signed distance gives, whose logarithm it sees (Liu et al., CVPR 2022).

    Parameters
    ----------
    heads : int
        Biases for each distance.
    hidden : int
        Width of the two hidden layers.
    """

    def __init__(self, heads: int, hidden: int):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(1, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(),
                                    nn.Linear(hidden, heads))  # fmt: skip

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Returns biases [B, heads, S, m] for places of queries [S] and of keys [B, m], both in [-1, 1]."""
        distance = queries[None, :, None] - keys[:, None, :]
        return self.layers((distance.sign() * distance.abs().log1p())[..., None]).permute(0, 3, 1, 2)


class PlainAttention(nn.Module):
    """Every slice attends to every slice, with a bias that follows from their distance.

    Parameters
    ----------
    dim : int
        Length of a slice's embedding, C.
    heads, head_dim : int
        Heads, and length of a query of each.
    groups : int
        Parts of the heads that have places, and biases, of their own.
    """

    def __init__(self, dim: int, heads: int = 8, head_dim: int = 64, groups: int = 1):
        super().__init__()
        inner = heads * head_dim
        self.heads, self.groups = heads, groups
        self.query, self.key, self.value = (nn.Linear(dim, inner, bias=False) for _ in range(3))
        self.out = nn.Linear(inner, dim)
        self.bias = PositionBias(heads // groups, max(4, dim // 4))

    def forward(self, x: Tensor) -> Tensor:
        """Returns embeddings [B, S, C] of slice embeddings [B, S, C]."""
        return self.attend(self.query(x), x, _even(x.shape[1], x).expand(len(x), -1))

    def attend(self, queries: Tensor, seen: Tensor, places: Tensor) -> Tensor:
        """Attends from queries [B, S, heads head_dim] to what is seen [B, m, C] at places [B groups, m] in [-1, 1]."""
        batch, slices = queries.shape[:2]
        bias = self.bias(_even(slices, queries), places).reshape(batch, self.heads, slices, -1)
        by_head = [part.unflatten(2, (self.heads, -1)).transpose(1, 2)
                   for part in (queries, self.key(seen), self.value(seen))]  # fmt: skip
        mixed = F.scaled_dot_product_attention(*by_head, attn_mask=bias.to(queries))
        return self.out(mixed.transpose(1, 2).flatten(2))


class DeformableAttention(PlainAttention):
    """Every slice attends to a few places between the slices, which follow from the volume (see the module).

    Parameters
    ----------
    dim, heads, head_dim
        As in `PlainAttention`.
    groups : int, optional
        Parts of the heads, and of the C numbers, with places of their own; by default one for each head.
    stride : int
        Slices for each key place.
    reach : float
        How far a place moves at most, in distances between key places.

    Raises
    ------
    ValueError
        Heads, or numbers of a slice, that do not divide into the groups.
    """

    def __init__(self, dim: int, heads: int = 8, head_dim: int = 64, groups: int | None = None, stride: int = 4,
                 reach: float = 2.0):  # fmt: skip
        groups = groups or heads
        if heads % groups or dim % groups:
            raise ValueError(f"{heads} heads and embeddings of {dim} numbers do not divide into {groups} groups.")
        super().__init__(dim, heads, head_dim, groups)
        self.stride, self.reach, width = stride, reach, heads * head_dim // groups
        self.offsets = nn.Sequential(nn.Conv1d(width, width, stride + 2, stride, padding=1, groups=width), nn.GELU(),
                                     nn.Conv1d(width, 1, 1, bias=False))  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Returns embeddings [B, S, C] of slice embeddings [B, S, C]."""
        queries = self.query(x)
        places = self._places(queries)
        grouped = x.transpose(1, 2).unflatten(1, (self.groups, -1)).flatten(0, 1)[:, :, None]  # [B groups, C', 1, S]
        grid = torch.stack([places, torch.zeros_like(places)], dim=-1)[:, None]
        seen = F.grid_sample(grouped, grid.to(x), padding_mode="border", align_corners=True)[:, :, 0]
        return self.attend(queries, seen.unflatten(0, (len(x), -1)).flatten(1, 2).transpose(1, 2), places)

    def places(self, x: Tensor) -> Tensor:
        """Returns where it looks, as numbers of slices from 0 on [B, groups, m]; outside, the first or last is seen."""
        places = self._places(self.query(x)).unflatten(0, (len(x), -1))
        return (places + 1) / 2 * (x.shape[1] - 1)

    def _places(self, queries: Tensor) -> Tensor:
        """Places [B groups, m] on [-1, 1], the first and the last slice."""
        slices = queries.shape[1]
        if slices < self.stride:
            raise ValueError(f"{slices} slices are fewer than the attention's stride of {self.stride}: give larger "
                             "volumes, take a smaller stride, or plain attention.")  # fmt: skip
        grouped = queries.transpose(1, 2).unflatten(1, (self.groups, -1)).flatten(0, 1)
        moved = self.reach * self.offsets(grouped)[:, 0].to(self.query.weight.dtype).tanh()  # bf16 is too coarse
        count = moved.shape[1]
        return _even(count, moved) + moved * 2 / max(count - 1, 1)


def _even(count: int, like: Tensor) -> Tensor:
    """Places [count] from -1 to 1."""
    return 2 * torch.arange(count, device=like.device, dtype=like.dtype) / max(count - 1, 1) - 1
