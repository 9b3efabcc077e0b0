"""The second stage of Chaitanya et al. 2020: a decoder learns to tell the regions of a map apart."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from drasclr_core.model.contrast_unet import RegionDecoder
from drasclr_core.pretrain.regions import region_loss, regions


class LocalStage(nn.Module):
    """Blocks of a decoder, the regions of its map, and their loss.

    Parameters
    ----------
    rep_dim, levels : int
        Of the encoder (see `RegionDecoder`).
    size : int
        Voxels per side of a patch.
    blocks, region, negatives, dim : int
        Blocks of the decoder, edge of a region in voxels of the map, negatives of a region in each view, length of an
        embedding.

    Attributes
    ----------
    chance : float
        The loss of who guesses.
    """

    def __init__(self, rep_dim: int, levels: int, size: int, blocks: int, region: int, negatives: int, dim: int):
        super().__init__()
        blocks = min(blocks, levels - 1)
        starts, near = regions(-(-size // 2 ** (levels - 1 - blocks)), region, negatives)
        self.decoder = RegionDecoder(rep_dim, levels, blocks, region, dim)
        self.register_buffer("starts", torch.from_numpy(starts), persistent=False)
        self.register_buffer("near", torch.from_numpy(near), persistent=False)
        self.chance = math.log1p(2 * near.shape[1])

    def forward(self, maps: list[Tensor], temperature: float) -> Tensor:
        """Returns the local loss of the encoder's maps of two views of B patches, [2 B, ...] each."""
        embedded = self.decoder(maps, self.starts)
        with torch.autocast(embedded.device.type, enabled=False):  # similarities need more digits than bf16 has
            first, second = embedded.to(next(self.parameters())).chunk(2)
            return region_loss(first, second, self.near, temperature)
