"""f_inter: a transformer along the slices of a volume."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.image_volume.deformable import DeformableAttention, PlainAttention
from drasclr_core.names import refuse_unknown

ATTENTIONS = ("deformable", "features", "plain")
"""Along the slices at places that it chooses; the authors' code, along the numbers of the embeddings; to all slices."""


class FeatureAttention(nn.Module):
    """What the authors' code computes: the slices are the channels, and attention runs along the C feature positions.

    Parameters
    ----------
    slices : int
        Of every volume.
    how
        As in `DeformableAttention`.
    """

    def __init__(self, slices: int, **how):
        super().__init__()
        self.slices, self.attention = slices, DeformableAttention(slices, **how)

    def forward(self, x: Tensor) -> Tensor:
        """Returns embeddings [B, S, C] of slice embeddings [B, S, C]; ValueError for another number of slices."""
        if x.shape[1] != self.slices:
            raise ValueError(f"Attention along features is made for {self.slices} slices, not for {x.shape[1]}: give "
                             "volumes of that size, or take attention along the slices.")  # fmt: skip
        return self.attention(x.mT).mT


class TransformerLayer(nn.Module):
    """Attention and an MLP, each added to its input, then normalised, then dropped in part, as in the authors' code.

    Parameters
    ----------
    attention : Module
        [B, S, C] to [B, S, C].
    dim, hidden : int
        C, and the hidden width of the MLP.
    dropout : float
    """

    def __init__(self, attention: nn.Module, dim: int, hidden: int, dropout: float):
        super().__init__()
        self.attention, self.dropout = attention, nn.Dropout(dropout)
        self.first_norm, self.second_norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, dim))

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(self.first_norm(x + self.attention(x)))
        return self.dropout(self.second_norm(x + self.mlp(x)))


class VolumeTransformer(nn.Sequential):
    """Layers that map slice embeddings [B, S, C] to [B, S, C].

    Parameters
    ----------
    dim : int
        C.
    layers, heads, head_dim, hidden : int
        Layers; heads of each, and the length of their queries; hidden width of each layer's MLP.
    attention : str
        One of `ATTENTIONS`.
    stride, reach
        Of deformable attention (see `DeformableAttention`).
    slices : int
        Of a volume, which only ``features`` must know.
    dropout : float
        After norms and in the MLPs; attention weights are all kept, as published.

    Raises
    ------
    ValueError
        Another `attention`.
    """

    def __init__(self, dim: int = 640, layers: int = 4, heads: int = 8, head_dim: int = 64, hidden: int = 720,
                 attention: str = "deformable", stride: int = 4, reach: float = 2.0, slices: int = 64,
                 dropout: float = 0.1):  # fmt: skip
        refuse_unknown([attention], ATTENTIONS, "attention")
        sizes = {"heads": heads, "head_dim": head_dim}
        moving = {**sizes, "stride": stride, "reach": reach}
        make = {"deformable": lambda: DeformableAttention(dim, **moving),
                "features": lambda: FeatureAttention(slices, **moving),
                "plain": lambda: PlainAttention(dim, **sizes)}[attention]  # fmt: skip
        super().__init__(*(TransformerLayer(make(), dim, hidden, dropout) for _ in range(layers)))

    def volume(self, x: Tensor) -> Tensor:
        """Returns the embedding of a volume, of unit length [B, C], from those of its slices [B, S, C]."""
        return F.normalize(self(x).mean(dim=1), dim=1)
