"""3D residual networks that see all of the lungs at once (MONAI's), plain and dilated as in Med3D."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from drasclr_core.model.patch_encoder import PatchEncoder

if TYPE_CHECKING:
    from monai.networks.nets import ResNet

BLOCKS = {10: ("basic", (1, 1, 1, 1)), 18: ("basic", (2, 2, 2, 2)), 34: ("basic", (3, 4, 6, 3)),
          50: ("bottleneck", (3, 4, 6, 3))}  # fmt: skip
"""Kind and number of the blocks in the four stages, by depth."""
DILATIONS = {"layer3": 2, "layer4": 4}
"""Of the stages that keep the resolution in Med3D."""
PADDED = (18, 34)
"""Depths whose shortcuts pad with zero channels instead of a convolution, in the weights that Med3D publishes."""


def residual_network(depth: int, width: int, padded: bool = False) -> ResNet:
    """Returns MONAI's 3D ResNet of one channel with a stem of 7^3 and stride 2, without the layer of classes.

    Parameters
    ----------
    depth : int
        Of `BLOCKS`.
    width : int
        Channels of the first stage; 64 is the usual network.
    padded : bool
        Shortcuts pad with zero channels (type A) where their width changes; otherwise a convolution of 1^3 (type B).

    Raises
    ------
    ValueError
        There are no blocks for this depth.
    """
    if depth not in BLOCKS:
        raise ValueError(f"No residual network of depth {depth}: take one of {', '.join(map(str, BLOCKS))}.")
    kind, counts = BLOCKS[depth]
    from monai.networks.nets import ResNet  # takes seconds, so only where there is one

    return ResNet(kind, list(counts), [width, 2 * width, 4 * width, 8 * width], n_input_channels=1, conv1_t_size=7,
                  conv1_t_stride=2, shortcut_type="A" if padded else "B", feed_forward=False,
                  bias_downsample=False)  # fmt: skip


def dilated_network(depth: int, width: int) -> ResNet:
    """Returns the network of Med3D (Chen et al. 2019): `residual_network` whose last two stages are dilated.

    They have stride 1 and `DILATIONS`, so that an eighth of the resolution is left. Tensors have the published names.
    """
    network = residual_network(depth, width, depth in PADDED)
    for stage, dilation in DILATIONS.items():
        for module in getattr(network, stage).modules():
            if isinstance(module, nn.Conv3d):
                module.stride = (1, 1, 1)
                if module.kernel_size == (3, 3, 3):
                    module.dilation = module.padding = (dilation,) * 3
            elif isinstance(getattr(module, "downsample", None), partial):
                module.downsample = partial(module.downsample, stride=1)
    return network


class ResNetEncoder(PatchEncoder):
    """A 3D ResNet of all of the lungs: the mean over places of its last stage.

    Parameters
    ----------
    depth, width : int
        As in `residual_network`.
    """

    model_type = "resnet"
    architecture = ("depth", "width")

    def __init__(self, depth: int = 18, width: int = 64):
        network = residual_network(depth, width)
        super().__init__(network.in_planes)
        self.depth, self.width, self.network = depth, width, network

    def forward(self, x: Tensor, location: object = None) -> Tensor:
        """Returns representations [B, rep_dim] of cubes [B, 1, n, n, n] in [-1, 1]; there is one location only."""
        return self.network(x.to(self.dtype))


class Med3DEncoder(PatchEncoder):
    """The dilated ResNet of Med3D: the mean over places of its last stage.

    Parameters
    ----------
    depth, width : int
        As in `dilated_network`.
    """

    model_type = "med3d"
    architecture = ("depth", "width")

    def __init__(self, depth: int = 10, width: int = 64):
        network = dilated_network(depth, width)
        super().__init__(network.in_planes)
        self.depth, self.width, self.network = depth, width, network

    def forward(self, x: Tensor, location: object = None) -> Tensor:
        """Returns representations [B, rep_dim] of cubes [B, 1, n, n, n] in [-1, 1]; there is one location only."""
        return self.maps(x).mean(dim=(2, 3, 4))

    def maps(self, x: Tensor) -> Tensor:
        """Returns the last stage, [B, rep_dim, m, m, m] with m = n / 8 rounded up, of cubes [B, 1, n, n, n]."""
        network = self.network
        x = network.maxpool(network.act(network.bn1(network.conv1(standardised(x.to(self.dtype))))))
        return network.layer4(network.layer3(network.layer2(network.layer1(x))))


def standardised(x: Tensor) -> Tensor:
    """Returns each sample [B, ...] with mean 0 and standard deviation 1 over its voxels."""
    axes = tuple(range(1, x.ndim))
    variance, mean = torch.var_mean(x, dim=axes, correction=0, keepdim=True)
    return (x - mean) / (variance + 1e-6).sqrt()
