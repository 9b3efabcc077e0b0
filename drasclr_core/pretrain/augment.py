"""Random views of patches, a whole batch at a time, with the meaning of MONAI's transforms (paper Section 3).

The views are RandAffine, RandGaussianNoise and RandAdjustContrast applied in this order to HU + 1024. A view is cut
out of a larger context patch in the same interpolation that turns, shifts and scales it, so that little or none of it
is border. Patches of one sample that are passed together (the neighbours of a landmark) share one affine and one
contrast, as in the authors' code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from drasclr_core.model.inputs import above_air, normalise


class Draws(NamedTuple):
    """What was drawn for a batch of B samples of C patches.

    Attributes
    ----------
    matrices : float [B, 3, 4]
        From view voxels to patch voxels, both counted from the centre.
    gamma : float [B]
        Contrast exponents, 1 where the contrast stays.
    noise : float [B, C, size, size, size]
        In HU, 0 where there is none.
    """

    matrices: Tensor
    gamma: Tensor
    noise: Tensor

    def of(self, rows: Tensor) -> Draws:
        """The draws of some samples."""
        return Draws(*(drawn[rows] for drawn in self))


@dataclass(frozen=True)
class Augmentation:
    """Draws random views; the defaults are the paper's.

    Attributes
    ----------
    size : int
        Voxels per side of a view.
    spacing_mm : float
        Voxel size of the patches.
    rotate_deg, translate_mm, scale : float
        Largest rotation about and shift along each axis, and largest change of the scale along each axis.
    noise_p, noise_std : float
        How often noise is added, and its largest standard deviation in HU.
    contrast_p : float
        How often the contrast is changed.
    gamma : (float, float)
        Range of the contrast exponent.
    """

    size: int = 32
    spacing_mm: float = 1.0
    rotate_deg: float = 10.0
    translate_mm: float = 12.0
    scale: float = 0.1
    noise_p: float = 0.25
    noise_std: float = 50.0
    contrast_p: float = 0.25
    gamma: tuple[float, float] = (0.5, 4.5)

    def __call__(self, patches: Tensor, generator: torch.Generator) -> Tensor:
        """One random view of each sample.

        Parameters
        ----------
        patches : int16 Tensor [B, C, n, n, n]
            HU, n >= size; the C patches of a sample are transformed alike.
        generator : torch.Generator
            On the device of the patches.

        Returns
        -------
        float32 Tensor [B, C, size, size, size]
            About [-1, 1] (noise is not clipped).
        """
        return self.apply(patches, self.draw(*patches.shape[:2], generator))

    def draw(self, batch: int, channels: int, generator: torch.Generator) -> Draws:
        """Everything random in the views of a batch, on the generator's device."""
        device = generator.device
        matrices = self.draw_affine(batch, generator)
        chosen = torch.rand(2, batch, generator=generator, device=device)
        amount = torch.rand(2, batch, generator=generator, device=device)
        std = torch.where(chosen[0] < self.noise_p, amount[0] * self.noise_std, 0.0)
        low, high = self.gamma
        gamma = torch.where(chosen[1] < self.contrast_p, low + amount[1] * (high - low), 1.0)
        noise = torch.randn(batch, channels, *(self.size,) * 3, generator=generator, device=device)
        return Draws(matrices, gamma, noise.mul_(_per_sample(std)))

    def apply(self, patches: Tensor, draws: Draws) -> Tensor:
        """The views of patches that were drawn (shapes as in `__call__`)."""
        views = affine_views(above_air(patches), draws.matrices, self.size)
        return normalise(adjust_contrast(views + draws.noise, draws.gamma))

    def draw_affine(self, batch: int, generator: torch.Generator) -> Tensor:
        """Random matrices [B, 3, 4] from view voxels to patch voxels, both counted from the centre.

        As in MONAI: rotation (about x, then y, then z) @ translation @ scaling.
        """
        draws = torch.rand(3, batch, 3, generator=generator, device=generator.device) * 2 - 1
        angles, shift, stretch = draws.unbind()
        rotation = rotation_matrices(angles * torch.pi * self.rotate_deg / 180)
        scaled = rotation * (1 + self.scale * stretch)[:, None, :]
        shifted = rotation @ (shift * self.translate_mm / self.spacing_mm)[:, :, None]
        return torch.cat([scaled, shifted], dim=2)


def rotation_matrices(angles: Tensor) -> Tensor:
    """Rotations [B, 3, 3] about x, then y, then z (intrinsic) by angles [B, 3] in radians."""
    (a, b, c), (d, e, f) = angles.cos().unbind(1), angles.sin().unbind(1)
    rows = [b * c, -b * f, e,
            a * f + c * d * e, a * c - d * e * f, -b * d,
            d * f - a * c * e, c * d + a * e * f, a * b]  # fmt: skip
    return torch.stack(rows, dim=1).view(-1, 3, 3)


def affine_views(patches: Tensor, matrices: Tensor, size: int, mode: str = "bilinear", padding_mode: str = "border"
                 ) -> Tensor:  # fmt: skip
    """Resample patches [B, C, n, n, n] to [B, C, size, size, size]: by default trilinear, border values outside.

    `mode` and `padding_mode` are those of `torch.nn.functional.grid_sample`.

    Voxel g of a view, counted from its centre, shows the patch at ``matrices @ (g, 1)``, counted from its centre.
    """
    axis = torch.arange(size, device=patches.device, dtype=patches.dtype) - (size - 1) / 2
    to_grid = matrices.flip(1) / ((patches.shape[-1] - 1) / 2)  # grid_sample counts the last axis first
    x, y, z, shift = (column[:, None, None, None] for column in to_grid.unbind(2))  # an affine map is a sum over axes
    grid = (x * axis[:, None, None, None] + shift) + y * axis[:, None, None] + z * axis[:, None]
    return F.grid_sample(patches, grid, mode=mode, padding_mode=padding_mode, align_corners=True)


def adjust_contrast(views: Tensor, gamma: Tensor) -> Tensor:
    """MONAI's contrast change: the values between a sample's minimum and maximum are raised to `gamma` [B]."""
    low, high = (_per_sample(limit) for limit in views.flatten(1).aminmax(dim=1))
    spread = high - low
    return ((views - low) / (spread + 1e-7)) ** _per_sample(gamma) * spread + low


def _per_sample(values: Tensor) -> Tensor:
    return values[:, None, None, None, None]
