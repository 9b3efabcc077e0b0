"""Gas that is not lung: in the bowel, between arm and chest, in the table."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from drasclr_core.imaging.constants import AIR
from drasclr_core.imaging.masks import distance

DARKER = 15.0
"""A region whose median is within this of air, HU, holds air alone and is no lung."""
GAS_WITHIN = 60.0
"""Gas in stomach and bowel is within this of air, HU, also after averaging."""
GAS_SMOOTH_MM = 2.0
GAS_CORE_MM = 3.0
"""Gas that touches a lung across a thin diaphragm is found by its core, this deep inside all that dark region."""
GAS_GROWTH_MM = 12.0
"""From its core the gas is followed this far, to its wall."""
GAS_OPEN = 0.25
"""Stomach and bowel have a wall: less than this fraction of a bubble's surface opens to the lung. A bulla's does."""
GAS_BELOW = -925.0
"""However much noise brightens the air of a scan, what is brighter than this is no gas: emphysema may be darker."""
MOST_GAS_L, MOST_GAS_SHARE = 1.0, 0.25
"""A larger bubble, or gas that makes up more of all air-filled tissue, is a lung with severe emphysema."""
FRAGMENT_L = 0.02
"""Smaller pieces that dense disease cuts off from a lung come back by closing, not as pieces."""


def level_of_air(array: np.ndarray, outside: np.ndarray) -> float:
    """Returns the HU of air in this scan, from the air round the body: noise cut off at -1024 HU makes it brighter."""
    return max(AIR, float(np.median(array[outside]))) if outside.any() else AIR


def lung_like(array: np.ndarray, air: np.ndarray, level: float, spacing: float) -> np.ndarray:
    """Returns the connected pieces of `air` that are large enough for a part of a lung and hold more than air."""
    labels, count = ndimage.label(air)
    liters = np.bincount(labels.ravel(), minlength=count + 1) * spacing**3 / 1e6
    boxes = ndimage.find_objects(labels)
    keep = np.zeros(count + 1, dtype=bool)
    for piece in np.flatnonzero(liters >= FRAGMENT_L):
        if piece:
            box = boxes[piece - 1]
            keep[piece] = np.median(array[box][labels[box] == piece]) > level + DARKER
    return keep[labels]


def bowel_gas(array: np.ndarray, tissue: np.ndarray, level: float, spacing: float) -> np.ndarray:
    """Returns bubbles of pure gas in the lower half that a wall separates from the lung, seen or too thin to be."""
    gas = np.zeros(tissue.shape, dtype=bool)
    dark = tissue & (ndimage.gaussian_filter(array, GAS_SMOOTH_MM / spacing) < min(level + GAS_WITHIN, GAS_BELOW))
    if not dark.any():
        return gas
    cores, _ = ndimage.label(distance(~dark) * spacing > GAS_CORE_MM)
    middle = np.flatnonzero(tissue.any(axis=(0, 1))).mean()
    steps = round(GAS_GROWTH_MM / spacing)
    for core, box in enumerate(ndimage.find_objects(cores), start=1):
        liters = np.count_nonzero(cores[box] == core) * spacing**3 / 1e6
        if liters < FRAGMENT_L or (box[2].start + box[2].stop) / 2 > middle:
            continue
        wide = tuple(slice(max(side.start - steps - 2, 0), side.stop + steps + 2) for side in box)
        bubble = ndimage.binary_dilation(cores[wide] == core, np.ones((3, 3, 3)), mask=tissue[wide], iterations=steps)
        surface = ndimage.binary_dilation(bubble, iterations=2) & ~bubble
        small = np.count_nonzero(bubble) * spacing**3 / 1e6 <= MOST_GAS_L
        if small and tissue[wide][surface].mean() < GAS_OPEN:
            gas[wide] |= bubble
    return gas if np.count_nonzero(gas) <= MOST_GAS_SHARE * np.count_nonzero(tissue) else np.zeros_like(gas)
