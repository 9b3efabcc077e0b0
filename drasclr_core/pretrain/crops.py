"""Views of Chaitanya et al. 2020: a random part of a patch, enlarged, and random brightness and contrast."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from drasclr_core.model.inputs import HU_WINDOW, above_air
from drasclr_core.pretrain.augment import affine_views

MOST = 1.5  # of a view in [0, 1], as published


class CropDraws(NamedTuple):
    """What was drawn for B views: shift [B, 3] in edges of the view, brightness [B] and contrast [B]."""

    shift: Tensor
    brightness: Tensor
    contrast: Tensor

    def of(self, rows: Tensor) -> CropDraws:
        """Returns what was drawn for some views, int [b]."""
        return CropDraws(*(drawn[rows] for drawn in self))


def draw_crops(batch: int, generator: torch.Generator, brightness: float, contrast: float) -> CropDraws:
    """Draws B views: shifts in [-1/2, 1/2], brightness within ± `brightness`, contrast within 1 ± `contrast`."""
    drawn = torch.rand(5, batch, generator=generator, device=generator.device) * 2 - 1
    return CropDraws(drawn[:3].T / 2, brightness * drawn[3], 1 + contrast * drawn[4])


def crop_views(stored: Tensor, size: int, crop: float, draws: CropDraws) -> Tensor:
    """Returns views float32 [B, 1, size, size, size], about [-1, 1].

    Parameters
    ----------
    stored : int16 Tensor [B, n, n, n]
        HU, n >= size.
    size : int
        Voxels per side of the patch in the middle of what is stored, and of a view.
    crop : float
        Edge of the part that is enlarged, as a share of the patch's; the part lies within the patch. 1 for all of it.
    draws : CropDraws
    """
    matrices = crop * torch.eye(3, device=stored.device).expand(len(stored), 3, 3)
    shift = (1 - crop) * size * draws.shift
    views = affine_views(above_air(stored)[:, None], torch.cat([matrices, shift[:, :, None]], dim=2), size)
    views = views / (HU_WINDOW[1] - HU_WINDOW[0]) + draws.brightness.view(-1, 1, 1, 1, 1)
    mean = views.mean(dim=(1, 2, 3, 4), keepdim=True)
    return 2 * ((views - mean) * draws.contrast.view(-1, 1, 1, 1, 1) + mean).clamp(0, MOST) - 1
