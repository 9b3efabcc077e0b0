"""How the learning rate changes while training."""

from __future__ import annotations

import math


def cosine_rate(lr: float, epoch: float, epochs: float) -> float:
    """Returns the learning rate of an epoch, counted from 0: half a cosine from `lr` towards 0 (paper Section 3)."""
    return lr * (1 + math.cos(math.pi * epoch / epochs)) / 2


def warmed_rate(lr: float, done: float, warmup: float) -> float:
    """Returns the learning rate after a share `done` of all steps: linear growth over `warmup`, then half a cosine."""
    if done < warmup:
        return lr * done / warmup
    return cosine_rate(lr, done - warmup, 1 - warmup)
