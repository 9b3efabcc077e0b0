"""The other ways to tell an encoder where a patch lies, behind one interface (paper Section 4.4.1, Table 6)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from drasclr_core.model.locconv import LocationConv3d, LocationGroups, LocCondConv3d


class PlainConv3d(LocationConv3d):
    """An ordinary convolution, which ignores the location.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding : int
        As in `torch.nn.Conv3d`.
    num_experts : int
        Not used.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1, padding: int = 1,
                 num_experts: int = 0):  # fmt: skip
        super().__init__(out_channels, kernel_size, stride, padding)
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, *(kernel_size,) * 3))
        bound = 1 / math.sqrt(self.weight[0].numel())
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.bias, -bound, bound)

    def kernels(self, location: Tensor, center_only: bool = False) -> Tensor:
        kernel = self._center(self.weight) if center_only else self.weight
        return kernel.expand(*location.shape[:-1], *kernel.shape)

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        nowhere = x.new_zeros(3)  # one kernel for all samples, whatever their locations
        return self._convolve(x, *self._kernels_for(x, nowhere))

    @torch.no_grad()
    def scale_output_(self, scale: Tensor) -> None:
        """Multiply the kernel, in place, by one number per output channel [out]."""
        self.weight.mul_(scale[:, None, None, None, None])


class HyperConv3d(LocationConv3d):
    """A convolution whose kernel is the output of a fully connected network of the location (Ha et al. 2016).

    The network has one hidden layer. With as many hidden units as Loc-CondConv has experts, both have about as many
    parameters, and differ in the sigmoid against a ReLU, and in a kernel that does not depend on the location at all.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding : int
        As in `torch.nn.Conv3d`.
    num_experts : int
        Hidden units.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1, padding: int = 1,
                 num_experts: int = 8):  # fmt: skip
        super().__init__(out_channels, kernel_size, stride, padding)
        self.shape = (out_channels, in_channels, *(kernel_size,) * 3)
        self.network = nn.Sequential(
            nn.Linear(3, num_experts), nn.ReLU(), nn.Linear(num_experts, math.prod(self.shape))
        )
        # Kernels then begin about as large as those of an ordinary convolution, wherever the location is.
        bound = 1 / math.sqrt(math.prod(self.shape[1:]))
        nn.init.uniform_(self.network[2].weight, -bound, bound)
        self.network[2].weight.data.div_(math.sqrt(num_experts))
        nn.init.uniform_(self.network[2].bias, -bound, bound)
        nn.init.uniform_(self.bias, -bound, bound)

    def kernels(self, location: Tensor, center_only: bool = False) -> Tensor:
        kernel = self.network(location.to(self.bias.dtype)).unflatten(-1, self.shape)
        return self._center(kernel) if center_only else kernel

    @torch.no_grad()
    def scale_output_(self, scale: Tensor) -> None:
        """Multiply every kernel, in place, by one number per output channel [out]."""
        rows = scale.repeat_interleave(math.prod(self.shape[1:]))
        self.network[2].weight.mul_(rows[:, None])
        self.network[2].bias.mul_(rows)


class Fusion(nn.Module):
    """Joins the location to the last features and fuses both by two fully connected layers (Sun et al. 2021)."""

    def __init__(self, rep_dim: int):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(rep_dim + 3, rep_dim), nn.ELU(inplace=True), nn.Linear(rep_dim, rep_dim))

    def forward(self, h: Tensor, location: Tensor | LocationGroups) -> Tensor:
        if isinstance(location, LocationGroups):
            location = location.per_sample()
        return self.layers(torch.cat([h, location.to(h.dtype).expand(len(h), 3)], dim=1))


# The four rows of Table 6: the convolution of each, and whether a `Fusion` follows.
CONDITIONINGS = {
    "loc-condconv": (LocCondConv3d, False),
    "none": (PlainConv3d, False),
    "concat": (PlainConv3d, True),
    "hypernetwork": (HyperConv3d, False),
}
