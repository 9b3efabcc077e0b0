"""What a step is judged by: the losses it is trained on, and the measures that are only looked at."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from drasclr_core.methods.drasclr import Contrast
from drasclr_core.model.losses import alignment, contrast_loss, uniformity

MEASURES = ("loss_local", "loss_neighbor", "negatives", "accuracy", "alignment", "uniformity")


def losses(contrast: Contrast) -> tuple[Tensor, Tensor]:
    """Local and neighbouring loss of a step (Eq. 6 and 8); the second is 0 without neighbours."""
    local = contrast_loss(contrast.local)
    return local, torch.zeros_like(local) if contrast.neighbor is None else contrast_loss(contrast.neighbor)


@torch.no_grad()
def measure(contrast: Contrast, local: Tensor, neighbor: Tensor) -> Tensor:
    """`MEASURES` of a step: the losses, the number of negatives per query, how often the key is the most similar, and
    two properties of the embedding."""
    accuracy = (contrast.local.argmax(dim=1) == 0).float().mean()
    spread = alignment(contrast.query, contrast.key), uniformity(contrast.query)
    negatives = contrast.local.isfinite().sum(dim=1).float().mean() - 1
    return torch.stack([value.float() for value in (local, neighbor, negatives, accuracy, *spread)])


def cosine_rate(lr: float, epoch: int, epochs: int) -> float:
    """Learning rate of an epoch, counted from 0: a cosine from `lr` towards 0."""
    return lr * (1 + math.cos(math.pi * epoch / epochs)) / 2
