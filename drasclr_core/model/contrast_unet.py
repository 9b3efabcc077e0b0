"""The U-Net of Chaitanya et al. 2020 in 3D: the encoder that is kept, and decoder blocks for the local loss."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.model.locconv import LocationGroups
from drasclr_core.model.patch_encoder import PatchEncoder

MOST_LEVELS = 6


def levels_for(size: int) -> int:
    """Returns how many levels a patch of `size` voxels a side has until one voxel is left, at most the published 6."""
    return min(MOST_LEVELS, size.bit_length())


def widths(rep_dim: int, levels: int) -> tuple[int, ...]:
    """Returns the channels of the levels: the published 16, 32, 64, 128, 128, 128 for 128."""
    return tuple(rep_dim >> max(3 - level, 0) for level in range(levels))


def convolved(channels: int, out: int, kernel: int = 3, bias: bool = True) -> list[nn.Module]:
    """Returns a convolution that keeps the size, batch norm and ReLU."""
    before, after = (kernel - 1) // 2, kernel // 2  # of an even kernel the longer end, as TensorFlow pads
    pad = [nn.ConstantPad3d((before, after) * 3, 0.0)] if before != after else []
    conv = nn.Conv3d(channels, out, kernel, padding=0 if pad else before, bias=bias)
    return [*pad, conv, nn.BatchNorm3d(out), nn.ReLU(inplace=True)]


class UNetEncoder(PatchEncoder):
    """The way down of a U-Net; a patch is the mean of the deepest map.

    A level is two convolutions 3^3, each with batch norm and ReLU; between two levels the maximum of 2^3 voxels is
    kept, or of as many as there are.

    Parameters
    ----------
    rep_dim : int
        Channels of the deepest level, a multiple of 8.
    levels : int
        4 or more.

    Raises
    ------
    ValueError
        For fewer levels, or another number of channels.
    """

    model_type = "contrast-unet"
    architecture = ("rep_dim", "levels")

    def __init__(self, rep_dim: int = 128, levels: int = MOST_LEVELS):
        super().__init__(rep_dim)
        if levels < 4 or rep_dim % 8:
            raise ValueError("The U-Net has 4 levels or more and a multiple of 8 channels, not "
                             f"{levels} and {rep_dim}: give patches of 8 voxels a side or more.")  # fmt: skip
        self.levels = levels
        channels = (1, *widths(rep_dim, levels))
        self.blocks = nn.ModuleList(
            nn.Sequential(*convolved(before, after), *convolved(after, after)) for before, after in pairwise(channels)
        )

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        return self.maps(x)[-1].mean(dim=(2, 3, 4))

    def maps(self, x: Tensor) -> list[Tensor]:
        """Returns the maps [B, C, m, m, m] of all levels, the finest first, of patches [B, 1, n, n, n]."""
        maps = [self.blocks[0](x.to(self.dtype, memory_format=torch.channels_last_3d))]
        for block in self.blocks[1:]:
            maps.append(block(F.max_pool3d(maps[-1], 2, ceil_mode=True)))
        return maps


class RegionDecoder(nn.Module):
    """The first blocks of the way up, and embeddings of regions of their last map.

    A block enlarges the map to that of the next level (nearest voxel), convolves with 2^3, joins the encoder's map and
    convolves twice. Two convolutions 1^3 follow; a region is all its voxels, mapped linearly.

    Parameters
    ----------
    rep_dim, levels : int
        Of the encoder.
    blocks : int
        Fewer than there are levels.
    region : int
        Edge of a region in voxels of the map.
    dim : int
        Length of an embedding.
    """

    def __init__(self, rep_dim: int, levels: int, blocks: int, region: int, dim: int):
        super().__init__()
        channels = widths(rep_dim, levels)[::-1]
        self.up = nn.ModuleList(nn.Sequential(*convolved(channels[block], channels[block + 1], 2))
                                for block in range(blocks))  # fmt: skip
        self.join = nn.ModuleList(nn.Sequential(*convolved(2 * out, out), *convolved(out, out))
                                  for out in channels[1 : blocks + 1])  # fmt: skip
        out = channels[blocks]
        self.project = nn.Sequential(*convolved(out, out, 1, bias=False), nn.Conv3d(out, out, 1, bias=False))
        self.embed = nn.Conv3d(out, dim, region, bias=False)

    def forward(self, maps: list[Tensor], starts: Tensor) -> Tensor:
        """Returns embeddings [B, R, dim], of unit length, of the regions that start at voxels [R, 3]."""
        x = maps[-1]
        for up, join, beside in zip(self.up, self.join, maps[-2::-1], strict=False):
            x = join(torch.cat([up(F.interpolate(x, size=beside.shape[2:])), beside], dim=1))
        embedded = self.embed(self.project(x))
        return F.normalize(embedded[:, :, starts[:, 0], starts[:, 1], starts[:, 2]].transpose(1, 2), dim=2)
