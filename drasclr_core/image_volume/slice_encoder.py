"""f_intra: a 2D residual network of images and slices, whose embedding has something of every stage."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.model.resnet import BLOCKS

LEAST = 64
"""Edge in pixels below which an image has no room for the published stem, which keeps a quarter of it."""


class SliceEncoder(nn.Module):
    """MONAI's ResNet in 2D, and a projection of what its four stages show.

    The maps of each stage are averaged over the image and normalised to unit length; joined, they are projected
    linearly to `dim` numbers. Batch norm (without weights) brings each to mean 0 and variance 1, so that embeddings
    have no part in common: with one, all volumes look alike to the clusters, and hidden slices are told too easily.

    Parameters
    ----------
    depth, width : int
        Depth (10, 18, 34 or 50) and channels of the first stage; 50 and 64 as published.
    small : bool
        Images have fewer than `LEAST` pixels a side: the stem is a convolution of 3 x 3 that keeps the resolution,
        instead of one of 7 x 7 with stride 2 and a pooling.
    dim : int
        Length of the embedding.

    Raises
    ------
    ValueError
        There are no blocks for this depth.
    """

    def __init__(self, depth: int = 50, width: int = 64, small: bool = False, dim: int = 640):
        super().__init__()
        if depth not in BLOCKS:
            raise ValueError(f"No residual network of depth {depth}: take one of {', '.join(map(str, BLOCKS))}.")
        from monai.networks.nets import ResNet  # takes seconds, so only where there is one

        kind, counts = BLOCKS[depth]
        widths = [width, 2 * width, 4 * width, 8 * width]
        edge, stride = (3, 1) if small else (7, 2)
        self.network = ResNet(kind, list(counts), widths, spatial_dims=2, n_input_channels=1, conv1_t_size=edge,
                              conv1_t_stride=stride, no_max_pool=small, feed_forward=False,
                              bias_downsample=False)  # fmt: skip
        self.project = nn.Linear(sum(widths) * (self.network.in_planes // widths[-1]), dim)
        self.norm = nn.BatchNorm2d(dim, eps=1e-8, affine=False)  # at first, slices differ by little

    def widen(self, channels: int) -> None:
        """Has the first layer take images [N, channels, h, w]: each channel begins with its weights, divided by all.

        So an image that is given in every channel has the maps that it had.
        """
        first = self.network.conv1
        if first.in_channels != channels:
            weight = first.weight.detach().sum(dim=1, keepdim=True) / channels
            first.in_channels, first.weight = channels, nn.Parameter(weight.repeat(1, channels, 1, 1))

    def stages(self, x: Tensor) -> list[Tensor]:
        """Returns the maps [N, c, ...] of the four stages for images [N, 1, h, w] in [-1, 1]."""
        network, maps = self.network, []
        x = network.act(network.bn1(network.conv1(x.to(self.project.weight.dtype))))
        x = x if network.no_max_pool else network.maxpool(x)
        for stage in (network.layer1, network.layer2, network.layer3, network.layer4):
            x = stage(x)
            maps.append(x)
        return maps

    def embed(self, maps: Sequence[Tensor]) -> Tensor:
        """Returns embeddings [N, dim] of what `stages` gives."""
        pooled = [F.normalize(stage.mean(dim=(2, 3)), dim=1) for stage in maps]
        return self.norm(self.project(torch.cat(pooled, dim=1))[..., None, None])[..., 0, 0]

    def pooled(self, x: Tensor) -> Tensor:
        """Returns the means of the maps of all stages, joined [N, channels], of images [N, 1, h, w] in [-1, 1]."""
        return self.means(self.stages(x))

    @staticmethod
    def means(maps: Sequence[Tensor]) -> Tensor:
        """Returns the means [N, channels] of what `stages` gives, joined."""
        return torch.cat([stage.mean(dim=(2, 3)) for stage in maps], dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Returns embeddings [N, dim] of images [N, 1, h, w] in [-1, 1]."""
        return self.embed(self.stages(x))
