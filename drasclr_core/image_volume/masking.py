"""Masked embedding prediction: some slices of a volume are hidden, and told from the others (L_mask)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from drasclr_core.image_volume.volume_transformer import VolumeTransformer


def draw_mask(volumes: int, slices: int, share: float, generator: torch.Generator) -> Tensor:
    """Draws which slices are hidden, on the generator's device: the same number of each volume, at least one.

    Parameters
    ----------
    volumes, slices : int
        B and S.
    share : float
        Of the slices.
    generator : torch.Generator

    Returns
    -------
    bool Tensor [B, S, 1]
    """
    hidden = min(max(1, round(share * slices)), slices)
    order = torch.rand(volumes, slices, generator=generator, device=generator.device).argsort(dim=1)
    return (order < hidden)[..., None]


class MaskedPrediction(nn.Module):
    """A learned token that takes the place of hidden slices, and a linear decoder of what f_inter makes of them.

    Parameters
    ----------
    dim : int
        Length of a slice's embedding, C.
    """

    def __init__(self, dim: int):
        super().__init__()
        self.token = nn.Parameter(torch.randn(dim))
        self.decoder = nn.Linear(dim, dim)

    def forward(self, transformer: VolumeTransformer, embedded: Tensor, mask: Tensor) -> Tensor:
        """Returns predictions [B, S, C] for slice embeddings [B, S, C] where the mask [B, S, 1] hides some."""
        return self.decoder(transformer(torch.where(mask, self.token.to(embedded), embedded)))
