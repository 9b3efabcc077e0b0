"""How the learning rate changes while training."""

from __future__ import annotations

import math


def cosine_rate(lr: float, epoch: int, epochs: int) -> float:
    """Returns the learning rate of an epoch, counted from 0: half a cosine from `lr` towards 0 (paper Section 3)."""
    return lr * (1 + math.cos(math.pi * epoch / epochs)) / 2
