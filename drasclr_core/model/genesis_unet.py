"""The 3D U-Net of Models Genesis, whose way down is kept as encoder (Zhou et al. 2021; Çiçek et al. 2016)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from drasclr_core.model.locconv import LocationGroups
from drasclr_core.model.patch_encoder import PatchEncoder

LEVELS = 4
"""Resolutions: three poolings by 2 lie between them."""


class GenesisEncoder(PatchEncoder):
    """The way down of the U-Net; a patch's representation is the mean of its last map. The location does not enter.

    At each of four levels two convolutions 3 x 3 x 3, each with batch norm and ReLU, make twice as many channels of
    those that come in: 32 and 64, then 128, 256, 512 as published.

    Parameters
    ----------
    width : int
        Channels of the first convolution (published: 32); all others are multiples of it.
    """

    model_type = "models-genesis"
    architecture = ("width",)

    def __init__(self, width: int = 32):
        super().__init__(rep_dim=2**LEVELS * width)
        self.width = width
        inputs = (1, *(2**level * width for level in range(1, LEVELS)))
        self.levels = nn.ModuleList(
            nn.Sequential(
                *_convolution(come, 2**level * width), *_convolution(2**level * width, 2 ** (level + 1) * width)
            )
            for level, come in enumerate(inputs)
        )
        self.pool = nn.MaxPool3d(2)

    def maps(self, x: Tensor) -> list[Tensor]:
        """Returns the maps of every level, finest first, of patches [B, 1, n, n, n] in [-1, 1], n a multiple of 8."""
        x, maps = (x.to(self.dtype) + 1) / 2, []  # published inputs are in [0, 1]
        for number, level in enumerate(self.levels):
            x = level(self.pool(x) if number else x)
            maps.append(x)
        return maps

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        return self.maps(x)[-1].mean(dim=(2, 3, 4))


class GenesisUNet(nn.Module):
    """An encoder and the way up, which restores the cube from its maps.

    Each of three levels doubles the resolution by a transposed convolution, joins the encoder's map of that resolution,
    and has two convolutions as on the way down; the last convolution, of one voxel, ends in a sigmoid.

    Parameters
    ----------
    encoder : GenesisEncoder
    """

    def __init__(self, encoder: GenesisEncoder):
        super().__init__()
        self.encoder = encoder
        channels = [2 ** (level + 1) * encoder.width for level in range(LEVELS)]  # of the encoder's maps
        self.ups, self.levels = nn.ModuleList(), nn.ModuleList()
        for below, here in zip(channels[:0:-1], channels[-2::-1], strict=True):
            self.ups.append(nn.ConvTranspose3d(below, below, 2, stride=2))
            self.levels.append(nn.Sequential(*_convolution(below + here, here), *_convolution(here, here)))
        self.last = nn.Conv3d(channels[0], 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Returns restored cubes in [0, 1] of cubes in [-1, 1], both [B, 1, n, n, n]."""
        *skips, y = self.encoder.maps(x)
        for up, level, skip in zip(self.ups, self.levels, reversed(skips), strict=True):
            y = level(torch.cat([up(y), skip], dim=1))
        return torch.sigmoid(self.last(y))


def _convolution(come: int, go: int) -> tuple[nn.Module, ...]:
    return nn.Conv3d(come, go, 3, padding=1), nn.BatchNorm3d(go), nn.ReLU(inplace=True)
