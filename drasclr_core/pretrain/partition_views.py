"""What the contrast of partitions is shown of a batch: patches as they are, and changed parts of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from drasclr_core.model.inputs import center_views
from drasclr_core.pretrain.crops import crop_views, draw_crops
from drasclr_core.pretrain.partitions import partners
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import to_device


class PartChanges(NamedTuple):
    """How a part of a patch is changed: its edge as a share of the patch, largest change of brightness and contrast."""

    crop: float
    brightness: float
    contrast: float


class Stored(NamedTuple):
    """A process's part of a batch: patches int16 [b, n, n, n], their partitions and subjects int [b], and the stage."""

    patches: np.ndarray
    partitions: np.ndarray
    subjects: np.ndarray
    local: bool


class Forms(NamedTuple):
    """Patches in F forms, float32 [F b, 1, n, n, n], the first form of all first; partitions and partners int [b]."""

    views: Tensor
    partitions: Tensor
    partner: Tensor | None


def draw_forms(patches: Stored, size: int, strategy: str, changes: PartChanges, generator: torch.Generator,
               shard: BatchShard) -> Forms:  # fmt: skip
    """Draws the forms of a process's patches that a strategy contrasts, or two of whole patches for the local loss.

    Parameters
    ----------
    patches : Stored
    size : int
        Voxels per side of a view.
    strategy : str
        ``R``: two changed parts; ``D-``: the patch and two changed parts; ``D``: the patch, one changed part, and a
        partner in the same partition.
    changes : PartChanges
    generator : torch.Generator
        On the device of the views; it draws for the whole batch, of which the shard's rows are used.
    shard : BatchShard
    """
    device = generator.device
    stored, rows = to_device(patches.patches, device), torch.from_numpy(shard.rows).to(device)
    order = torch.randperm(shard.size, generator=generator, device=device)[rows].cpu().numpy()
    forms = [] if patches.local or strategy == "R" else [center_views(stored, size)[:, None]]
    for _ in range(1 + (strategy != "D" or patches.local)):
        draws = draw_crops(shard.size, generator, changes.brightness, changes.contrast).of(rows)
        forms.append(crop_views(stored, size, 1.0 if patches.local else changes.crop, draws))
    partner = None
    if strategy == "D":
        partner = torch.from_numpy(partners(patches.partitions, patches.subjects, order)).to(device)
    return Forms(torch.cat(forms), torch.from_numpy(patches.partitions).to(device), partner)
