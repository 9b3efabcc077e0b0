"""Least-squares adversarial learning (Mao et al. 2017): who tells real patches from made ones, and what both want."""

from __future__ import annotations

from torch import Tensor, nn

LEAK = 0.2
INITIAL_STD = 0.02  # of the kernels


def discriminator(size: int, width: int = 16) -> nn.Sequential:
    """Returns a network that answers for every part of a patch whether it is real (about 1) or made (about 0).

    Convolutions 3 x 3 x 3 of `width`, twice, four and eight times as many channels, all but the first with instance
    norm, with leaky ReLU, and one to a single channel (Isola et al. 2017). The first three halve the resolution, the
    third one only where two voxels per side are left, without which instance norm would leave nothing.

    Parameters
    ----------
    size : int
        Edge of a patch in voxels, at least 8.
    width : int

    Returns
    -------
    Sequential
        From [B, 1, size, size, size] to a map [B, 1, m, m, m] with m = size / 8, or 2 for a patch of 8.
    """
    layers: list[nn.Module] = []
    inside, edge = 1, size
    for level, outside in enumerate((width, 2 * width, 4 * width, 8 * width)):
        stride = 2 if level < 3 and edge > 2 else 1
        layers.append(nn.Conv3d(inside, outside, 3, stride, 1))
        layers += [nn.InstanceNorm3d(outside)] if level else []
        layers.append(nn.LeakyReLU(LEAK, inplace=True))
        inside, edge = outside, edge // stride
    layers.append(nn.Conv3d(inside, 1, 3, 1, 1))
    for layer in layers:
        if isinstance(layer, nn.Conv3d):
            nn.init.normal_(layer.weight, std=INITIAL_STD)
    return nn.Sequential(*layers)


def generator_loss(made: Tensor) -> Tensor:
    """Mean squared distance of the answers to made patches from 1: what their maker wants."""
    return (made - 1).square().mean()


def discriminator_loss(real: Tensor, made: Tensor) -> Tensor:
    """Half of: mean squared distance of the answers to real patches from 1, plus that of made ones from 0."""
    return ((real - 1).square().mean() + made.square().mean()) / 2
