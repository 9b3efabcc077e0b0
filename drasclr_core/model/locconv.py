"""Loc-CondConv: a 3D convolution whose kernel is a function of the anatomical location (paper Section 2.2)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LOOP_FROM = 4  # samples per location from which a loop over locations is faster than one grouped convolution


class LocationGroups(NamedTuple):
    """The locations of a batch whose samples are sorted by location.

    Attributes
    ----------
    unique : Tensor [U, 3]
        The different locations, in the order in which they come in the batch.
    sizes : list of int
        How many consecutive samples each of them has; they sum to the batch size B.
    """

    unique: Tensor
    sizes: list[int]

    def per_sample(self) -> Tensor:
        """Location of every sample [B, 3]."""
        sizes = torch.tensor(self.sizes, device=self.unique.device)
        return self.unique.repeat_interleave(sizes, dim=0, output_size=sum(self.sizes))


def group_locations(location: Tensor) -> tuple[Tensor, LocationGroups]:
    """Sort a batch by location.

    Parameters
    ----------
    location : Tensor [B, 3]

    Returns
    -------
    order : Tensor [B]
        ``x[order]`` is the batch with equal locations side by side.
    groups : LocationGroups
    """
    unique, inverse, counts = torch.unique(location, dim=0, return_inverse=True, return_counts=True)
    return inverse.argsort(stable=True), LocationGroups(unique, counts.tolist())


class LocationConv3d(nn.Module):
    """3D convolution whose kernel W(p) depends on the location p; subclasses say how, in `kernels`.

    The kernel is made once per location, not once per sample: a batch from one landmark, which is what DrasCLR trains
    on, is one ordinary convolution. Of several locations, each with few samples, one grouped convolution takes all.

    Parameters
    ----------
    out_channels, kernel_size, stride, padding : int
        As in `torch.nn.Conv3d`.
    """

    def __init__(self, out_channels: int, kernel_size: int = 3, stride: int = 1, padding: int = 1):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.bias = nn.Parameter(torch.empty(out_channels))

    def kernels(self, location: Tensor, center_only: bool = False) -> Tensor:
        """W(p) [..., out, in, k, k, k] of locations [..., 3]; `center_only` gives the central tap [..., 1, 1, 1]."""
        raise NotImplementedError

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        """Convolve every sample with the kernel of its location.

        Parameters
        ----------
        x : Tensor [B, C, D, H, W]
        location : Tensor [3] or [B, 3], or LocationGroups
            One location for the whole batch, or one per sample; `LocationGroups` if the batch is already sorted.

        Returns
        -------
        Tensor [B, out_channels, D', H', W']
        """
        if isinstance(location, LocationGroups):
            return self._convolve_groups(x, location)
        if location.ndim == 1:
            return self._convolve(x, *self._kernels_for(x, location))
        order, groups = group_locations(location)
        return self._convolve_groups(x[order], groups)[order.argsort()]

    def _center(self, kernels: Tensor) -> Tensor:
        """Only the central tap [..., 1, 1, 1] of kernels [..., k, k, k]."""
        return kernels[..., self.padding, self.padding, self.padding, None, None, None]

    def _kernels_for(self, x: Tensor, location: Tensor) -> tuple[Tensor, int]:
        """Kernels of locations [..., 3], and the padding they need for x."""
        # Around a single voxel there is only zero padding, so only the central tap matters.
        center_only = x.shape[2:].numel() == 1 and 2 * self.padding + 1 == self.kernel_size
        with torch.autocast(x.device.type, enabled=False):  # in bf16 a location would be rounded to the next millimetre
            return self.kernels(location, center_only), 0 if center_only else self.padding

    def _convolve(self, x: Tensor, kernel: Tensor, padding: int) -> Tensor:
        return F.conv3d(x, kernel, self.bias, self.stride, padding)

    def _convolve_groups(self, x: Tensor, groups: LocationGroups) -> Tensor:
        kernels, padding = self._kernels_for(x, groups.unique)
        if len(x) >= LOOP_FROM * len(groups.sizes):
            parts = zip(x.split(groups.sizes), kernels, strict=True)
            return torch.cat([self._convolve(part, kernel, padding) for part, kernel in parts])
        repeats = torch.tensor(groups.sizes, device=x.device)
        kernels = kernels.repeat_interleave(repeats, dim=0, output_size=len(x)).flatten(0, 1)  # [B out, in, k, k, k]
        joined = x.reshape(1, -1, *x.shape[2:])  # the samples side by side as channel groups
        y = F.conv3d(joined, kernels, None, self.stride, padding, groups=len(x))
        return y.view(len(x), -1, *y.shape[2:]) + self.bias[:, None, None, None]


class LocCondConv3d(LocationConv3d):
    """3D convolution with kernel W(p) = sum_k alpha_k(p) W_k, alpha = sigmoid(W_r p + b_r) (Eq. 3 and 4).

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding : int
        As in `torch.nn.Conv3d`.
    num_experts : int
        Number of kernels W_k that are mixed.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1, padding: int = 1,
                 num_experts: int = 8):  # fmt: skip
        super().__init__(out_channels, kernel_size, stride, padding)
        self.weight = nn.Parameter(torch.empty(num_experts, out_channels, in_channels, *(kernel_size,) * 3))
        self.routing = nn.Linear(3, num_experts)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialise every expert as the convolution it is (the default of `torch.nn.Conv3d`)."""
        bound = 1 / math.sqrt(self.weight[0, 0].numel())
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.bias, -bound, bound)
        self.routing.reset_parameters()

    def routing_weights(self, location: Tensor) -> Tensor:
        """Mixing weights alpha [..., E], each in (0, 1), of locations [..., 3] (Eq. 4)."""
        return torch.sigmoid(self.routing(location.to(self.weight.dtype)))

    def kernels(self, location: Tensor, center_only: bool = False) -> Tensor:
        experts = self._center(self.weight) if center_only else self.weight
        return torch.tensordot(self.routing_weights(location), experts, dims=1)

    @torch.no_grad()
    def scale_output_(self, scale: Tensor) -> None:
        """Multiply every kernel, in place, by one number per output channel [out]."""
        self.weight.mul_(scale[:, None, None, None, None])
