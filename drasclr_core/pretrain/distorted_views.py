"""Views to be restored: a crop as it was, and the same with noise, contrast and a distortion."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from drasclr_core.model.inputs import above_air, normalise
from drasclr_core.pretrain.augment import Augmentation, adjust_contrast, affine_views
from drasclr_core.pretrain.distort import distort, draw_distortions
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import Patches, to_device


class RestorationViews(NamedTuple):
    """Views of patches, about [-1, 1]: float32 [b, 1, n, n, n].

    Attributes
    ----------
    crop, query : Tensor
        What is to be restored, and the same with noise, contrast and distortion, of ``shard.rows``.
    key : Tensor
        Another view, distorted likewise, of ``shard.key_rows``.
    """

    crop: Tensor
    query: Tensor
    key: Tensor


def draw_restoration_views(augment: Augmentation, shares: tuple[float, float, float], patches: Patches,
                           generator: torch.Generator, shard: BatchShard) -> RestorationViews:  # fmt: skip
    """Draws the views of a process's part of a batch; they do not depend on the number of processes.

    Parameters
    ----------
    augment : Augmentation
    shares : tuple of 3 floats
        How often a view is distorted in each way (see `distort`).
    patches : Patches
    generator : torch.Generator
    shard : BatchShard
    """

    def view(stored: np.ndarray, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        chosen = torch.from_numpy(rows).to(generator.device)
        crop, changed = changed_view(augment, stored, generator, shard.size, chosen)
        return crop, distort(changed, draw_distortions(shard.size, generator).of(chosen), *shares)

    crop, query = view(patches.query, shard.rows)
    return RestorationViews(crop, query, view(patches.key, shard.key_rows)[1])


def changed_view(augment: Augmentation, stored: np.ndarray, generator: torch.Generator, batch: int,
                 rows: Tensor) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Draws for a whole batch and returns crops of some rows, before and after noise and contrast.

    Parameters
    ----------
    augment : Augmentation
    stored : int16 array [b, m, m, m]
        HU.
    generator : torch.Generator
    batch : int
    rows : int Tensor [b]
        Which of the batch they are.

    Returns
    -------
    float32 Tensors [b, 1, n, n, n]
        About [-1, 1]; the second is what `Augmentation` makes.
    """
    draws = augment.draw(batch, 1, generator).of(rows)
    crop = affine_views(above_air(to_device(stored, generator.device)[:, None]), draws.matrices, augment.size)
    return normalise(crop), normalise(adjust_contrast(crop + draws.noise, draws.gamma))
