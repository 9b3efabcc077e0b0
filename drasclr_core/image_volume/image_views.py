"""Random views of images and slices: a part of them, turned, mirrored, with other contrast and noise."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from drasclr_core.model.inputs import HU_WINDOW
from drasclr_core.pretrain.augment import Augmentation, adjust_contrast


class ImageDraws(NamedTuple):
    """What was drawn for N views.

    Attributes
    ----------
    matrices : float [N, 2, 3]
        From places in the view to places in the image, both on [-1, 1].
    gamma : float [N]
        Contrast exponents, 1 where the contrast stays.
    noise : float [N, 1, size, size]
        0 where there is none.
    """

    matrices: Tensor
    gamma: Tensor
    noise: Tensor

    def of(self, rows: Tensor) -> ImageDraws:
        """The draws of some views."""
        return ImageDraws(*(drawn[rows] for drawn in self))


def draw_image_views(count: int, augment: Augmentation, area: tuple[float, float], generator: torch.Generator
                     ) -> ImageDraws:  # fmt: skip
    """Everything random in views of N images, on the generator's device.

    Parameters
    ----------
    count : int
        N.
    augment : Augmentation
        Gives the views' edge, the largest rotation, and how often there is noise, or another contrast, and how much.
    area : (float, float)
        Smallest and largest share of the image's area that a view shows; each edge has its own share's root.
    generator : torch.Generator
    """
    device = generator.device
    drawn = torch.rand(10, count, generator=generator, device=device)
    edges = (area[0] + drawn[:2] * (area[1] - area[0])).sqrt()
    shift = (2 * drawn[2:4] - 1) * (1 - edges)
    angle = (2 * drawn[4] - 1) * torch.pi * augment.rotate_deg / 180
    mirrored = torch.where(drawn[5] < 0.5, -1.0, 1.0)  # columns, left and right
    cosine, sine = angle.cos(), angle.sin()
    across = torch.stack([mirrored * edges[0] * cosine, -edges[1] * sine, shift[0]], dim=1)
    down = torch.stack([mirrored * edges[0] * sine, edges[1] * cosine, shift[1]], dim=1)
    low, high = augment.gamma
    gamma = torch.where(drawn[6] < augment.contrast_p, low + drawn[7] * (high - low), 1.0)
    std = torch.where(drawn[8] < augment.noise_p, drawn[9] * augment.noise_std, 0.0) * 2 / (HU_WINDOW[1] - HU_WINDOW[0])
    noise = torch.randn(count, 1, augment.size, augment.size, generator=generator, device=device)
    return ImageDraws(torch.stack([across, down], dim=1), gamma, noise * std[:, None, None, None])


def image_views(images: Tensor, draws: ImageDraws) -> Tensor:
    """Returns a view [N, 1, size, size] of each image [N, 1, h, w] in [-1, 1] (noise is not clipped).

    Beyond an image's border its last pixels go on. Images more than twice as large as a view are first made that small,
    each pixel the mean of those it stands for: a view that skipped pixels would show patterns that are not there.
    """
    most = [min(edge, 2 * draws.noise.shape[-1]) for edge in images.shape[2:]]
    if most != list(images.shape[2:]):
        images = F.interpolate(images, most, mode="area")
    grid = F.affine_grid(draws.matrices, list(draws.noise.shape), align_corners=False)
    shown = F.grid_sample(images, grid, padding_mode="border", align_corners=False) + draws.noise
    return adjust_contrast(shown[:, None], draws.gamma)[:, 0]
