"""The deformations of Models Genesis together, in their order (Zhou et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from drasclr_core.pretrain.deform.flips import draw_flips, flip
from drasclr_core.pretrain.deform.intensity import change_intensity
from drasclr_core.pretrain.deform.paint import draw_inner, draw_outer
from drasclr_core.pretrain.deform.shuffle import COVER, draw_shuffle, shuffle


class Draws(NamedTuple):
    """What was drawn for a batch of B cubes of V voxels.

    Attributes
    ----------
    flips : bool [B, 3]
        Along which axes.
    sources : int [B, V]
        From which voxel each takes its value.
    curved, falling : bool [B]
        Whether intensities change, and along a falling curve.
    points : float [B, 2, 2]
        Inner control points of the curves.
    painted : bool [B, n, n, n]
    noise : float [B, n, n, n]
        In [0, 1], shown where it is painted.
    """

    flips: Tensor
    sources: Tensor
    curved: Tensor
    falling: Tensor
    points: Tensor
    painted: Tensor
    noise: Tensor

    def of(self, rows: Tensor) -> Draws:
        """The draws of some cubes."""
        return Draws(*(drawn[rows] for drawn in self))


@dataclass(frozen=True)
class Restoration:
    """Deforms cubes; the defaults are the published ones.

    Attributes
    ----------
    flip_rate, shuffle_rate, intensity_rate, paint_rate : float
        How often each deformation happens (flips: see `draw_flips`).
    outer_rate : float
        How often painting is out-painting; otherwise it is in-painting.
    falling_rate : float
        How often other intensities turn dark into bright.
    cover : float
        Shuffled windows over a voxel, on average.
    """

    flip_rate: float = 0.4
    shuffle_rate: float = 0.5
    intensity_rate: float = 0.9
    paint_rate: float = 0.9
    outer_rate: float = 0.8
    falling_rate: float = 0.5
    cover: float = COVER

    def draw(self, batch: int, shape: tuple[int, int, int], generator: torch.Generator) -> Draws:
        """Everything random in the deformations of a batch, on the generator's device."""
        device = generator.device
        flips = draw_flips(batch, self.flip_rate, generator)
        chosen = torch.rand(5, batch, generator=generator, device=device)
        voxels = shape[0] * shape[1] * shape[2]
        sources = torch.arange(voxels, device=device).repeat(batch, 1)
        shuffled = (chosen[0] < self.shuffle_rate).nonzero()[:, 0]
        sources[shuffled] = draw_shuffle(len(shuffled), shape, generator, self.cover)
        points = torch.rand(batch, 2, 2, generator=generator, device=device)
        inner, outer = draw_inner(batch, shape, generator), draw_outer(batch, shape, generator)
        painted = torch.where((chosen[4] < self.outer_rate)[:, None, None, None], outer, inner)
        painted &= (chosen[3] < self.paint_rate)[:, None, None, None]
        noise = torch.rand(batch, *shape, generator=generator, device=device)
        return Draws(flips, sources, chosen[1] < self.intensity_rate, chosen[2] < self.falling_rate, points, painted,
                     noise)  # fmt: skip

    def apply(self, cubes: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
        """Returns the deformed cubes and those to restore, which are only flipped; [B, n, n, n] in [0, 1] each."""
        whole = flip(cubes, draws.flips)
        deformed = shuffle(whole, draws.sources)
        curved = change_intensity(deformed, draws.points, draws.falling)
        deformed = torch.where(draws.curved[:, None, None, None], curved, deformed)
        return torch.where(draws.painted, draws.noise.to(deformed), deformed), whole
