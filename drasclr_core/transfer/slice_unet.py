"""A 2D U-Net whose way down is f_intra, and in which f_inter may let slices see one another."""

from __future__ import annotations

import torch.nn.functional as F
from monai.networks.blocks import UnetUpBlock
from torch import Tensor, nn

from drasclr_core.image_volume import JointEncoder

WIDTH = 16
"""Channels at the finest resolution; each coarser one has twice as many."""


class SliceUNet(nn.Module):
    """The four stages of f_intra, a way up with skip connections (MONAI's), and a class for each pixel.

    Parameters
    ----------
    encoder : JointEncoder
    classes : int
        With the background.
    along : bool
        Whether f_inter stands between: what it makes of the slices' embeddings is added, by a linear map, to the
        coarsest maps.
    """

    def __init__(self, encoder: JointEncoder, classes: int, along: bool = False):
        super().__init__()
        self.encoder = encoder
        width, depth = encoder.width, encoder.intra.network.in_planes // (8 * encoder.width)  # 4 in bottleneck blocks
        channels = [width * 2**level * depth for level in range(4)]
        wide = [WIDTH * 2**level for level in range(3)]
        above = [*wide[1:], channels[-1]]
        self.ups = nn.ModuleList(
            UnetUpBlock(2, inside, out, 3, 1, 2, ("instance", {"affine": True}))
            for inside, out in zip(above, wide, strict=True)
        )
        self.skips = nn.ModuleList(nn.Conv2d(channel, out, 1) for channel, out in zip(channels[:3], wide, strict=True))
        self.last = nn.Conv2d(wide[0], classes, 1)
        self.between = nn.Linear(encoder.dim, channels[-1]) if along else None

    def forward(self, x: Tensor) -> Tensor:
        """Returns logits [B, S, classes, h, w] for runs of S slices [B, S, c, h, w] in [-1, 1].

        h and w are multiples of 8 (with the stem for large images, of 32). Without f_inter, S may be 1.
        """
        images = x.flatten(0, 1)
        *skips, y = self.encoder.intra.stages(images)
        if self.between is not None:
            embedded = self.encoder.intra.embed([*skips, y]).unflatten(0, x.shape[:2])
            y = y + self.between(self.encoder.inter(embedded)).flatten(0, 1)[..., None, None]
        for up, skip, maps in zip(self.ups[::-1], self.skips[::-1], reversed(skips), strict=True):
            y = up(y, skip(maps))
        y = F.interpolate(self.last(y), size=images.shape[2:], mode="bilinear")
        return y.unflatten(0, x.shape[:2])
