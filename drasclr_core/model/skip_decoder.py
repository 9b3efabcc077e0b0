"""A light decoder with skip connections: from the maps of the encoder back to a patch (Ronneberger et al. 2015)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SkipDecoder(nn.Module):
    """Goes back through the resolutions of an encoder and gives a picture in [0, 1].

    At each resolution the coarser map is repeated to the size of the encoder's map (nearest neighbour) and joined to
    it, and two convolutions with batch norm and ReLU follow. The finest resolution has no skip connection, as in the
    U-Net of `segmentation_models_pytorch`: what the encoder has not halved once would be the picture itself.

    Parameters
    ----------
    channels : sequence of int
        Of the encoder's maps, from the finest to the coarsest (see `Encoder.maps`).
    width : int
        Channels at the finest resolution; each coarser one has twice as many.
    """

    def __init__(self, channels: Sequence[int], width: int = 4):
        super().__init__()
        skips = [*reversed(channels[1:-1]), 0]
        widths = [width * 2**level for level in reversed(range(len(skips)))]
        entering = [channels[-1], *widths[:-1]]
        self.levels = nn.ModuleList(
            nn.Sequential(*_convolution(above + skip, out), *_convolution(out, out))
            for above, skip, out in zip(entering, skips, widths, strict=True)
        )
        self.head = nn.Conv3d(width, 1, 3, padding=1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Returns a picture [B, 1, n, n, n] in [0, 1] from maps [B, C, m, m, m], the first with m = n."""
        finest, *skips, x = maps
        for level, skip in zip(self.levels, [*reversed(skips), None], strict=True):
            x = F.interpolate(x, size=(finest if skip is None else skip).shape[2:])
            x = level(x if skip is None else torch.cat([x, skip], dim=1))
        return self.head(x).sigmoid()


def _convolution(inside: int, outside: int) -> tuple[nn.Module, ...]:
    """Batch norm takes the place of a bias."""
    return (nn.Conv3d(inside, outside, 3, padding=1, bias=False), nn.BatchNorm3d(outside), nn.ReLU(inplace=True))
