"""Landmark norm: every landmark's activations are normalised by the statistics of that landmark, in training and after.

A batch of DrasCLR holds one landmark, so batch norm takes each landmark's mean and scale away while it trains; running
statistics, of whatever landmarks, are another function. Here the statistics of all landmarks, and of places between
them, are kept after training; elsewhere they are a smooth function of the location.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 0.35
"""Standard deviation of the interpolation's Gaussian, in distances of neighbouring places."""


class LandmarkNorm(nn.Module):
    """Normalises channels by batch statistics in training, which needs a batch of one landmark, and by kept ones after.

    Parameters
    ----------
    channels : int
    landmarks : int
        L, places of which statistics are kept; `keep` may change their number.
    eps : float
        Added to variances, to the kept ones before their logarithm is taken.
    """

    def __init__(self, channels: int, landmarks: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.register_buffer("means", torch.zeros(landmarks, channels))
        self.register_buffer("log_variances", torch.zeros(landmarks, channels))

    @torch.no_grad()
    def keep(self, means: Tensor, log_variances: Tensor) -> None:
        """Sets what is interpolated, [L, C] each."""
        self.means, self.log_variances = means.to(self.means).contiguous(), log_variances.to(self.means).contiguous()

    def affine(self, shares: Tensor) -> tuple[Tensor, Tensor]:
        """Returns scale and shift [..., C] at locations of which `LandmarkInterpolation` gave the shares [..., L]."""
        scale = self.weight * (shares @ self.log_variances / -2).exp()
        return scale, self.bias - shares @ self.means * scale

    def forward(self, x: Tensor, shares: Tensor | None = None, sizes: list[int] | None = None) -> Tensor:
        """Normalises activations [B, C, ...]: in eval mode with `shares` [L], or [U, L] for groups of these sizes."""
        if self.training:
            return F.batch_norm(x, None, None, self.weight, self.bias, training=True, eps=self.eps)
        scale, shift = self.affine(shares)
        if sizes is not None:
            repeats = torch.tensor(sizes, device=x.device)
            scale, shift = (part.repeat_interleave(repeats, dim=0, output_size=len(x)) for part in (scale, shift))
        each = (..., *(None,) * (x.ndim - 2))
        return torch.addcmul(shift[each], x, scale[each])


class LandmarkInterpolation(nn.Module):
    """Shares of places in a location: Gaussians of the distance, normalised to a sum of one.

    Parameters
    ----------
    landmarks : int
        L, how many places; `place` says where they are, and may change their number.
    """

    def __init__(self, landmarks: int):
        super().__init__()
        self.register_buffer("nodes", torch.zeros(landmarks, 3))
        self.register_buffer("width", torch.ones(()))

    def forward(self, location: Tensor) -> Tensor:
        """Returns shares [..., L] of locations [..., 3]."""
        points = location.to(self.nodes.dtype).reshape(-1, 3)
        distance = torch.cdist(points, self.nodes, compute_mode="donot_use_mm_for_euclid_dist")
        shares = (-(distance / self.width).square() / 2).softmax(dim=-1)
        return shares.reshape(*location.shape[:-1], -1)

    @torch.no_grad()
    def place(self, locations: Tensor) -> None:
        """Sets the places [L, 3]; the Gaussian's width follows from the distance to the nearest other one."""
        apart = torch.cdist(locations.double(), locations.double())
        apart.fill_diagonal_(torch.inf)
        self.nodes = locations.to(self.nodes)
        self.width.copy_(WIDTH * apart.min(dim=1).values.median())

    @torch.no_grad()
    def values_for(self, wanted: Tensor) -> Tensor:
        """Returns values [L, C] whose interpolation at the places is exactly `wanted` [L, C]."""
        return torch.linalg.solve(self(self.nodes).double(), wanted.double()).to(wanted)
