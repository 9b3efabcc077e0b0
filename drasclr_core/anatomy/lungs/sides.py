"""Which air-filled tissue is the right lung and which the left, also where they touch; how large lungs are."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from drasclr_core.imaging.masks import distance

RIGHT, LEFT = 1, 2
LUNGS_L = (0.8, 14.0)
"""What is smaller or larger than this, litres, is not the two lungs of an adult."""
LEAST_LUNG_L = 0.2
"""A smaller air-filled region is not taken for a lung."""
SMALLER_SHARE = 0.15
"""The smaller lung has at least this share of the larger one's volume; else the two have not been told apart yet."""
LUNGS_APART_MM = 60.0
"""The two lungs' centres are at least this far apart from right to left."""
DEEPEST_MM = 20.0
"""Lungs that touch are told apart by eroding up to this depth."""
NO_LUNGS = "no whole lungs: {}. Give a chest CT that shows both lungs whole, not a crop"


class NoLungsError(ValueError):
    """Two whole lungs cannot be found in a scan."""


def two_lungs(tissue: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns the right and the left part of the air-filled tissue, told apart where they touch.

    It is eroded deeper and deeper until two large regions lie side by side; then every voxel goes to the nearer one.
    Masks are bool [x, y, z], `spacing` is in mm.

    Raises
    ------
    NoLungsError
        There are no two such regions.
    """
    cores, depth = tissue, None
    for deepest in np.arange(0.0, DEEPEST_MM, spacing):
        if deepest:
            depth = distance(~tissue) * spacing if depth is None else depth
            cores = depth > deepest
        labels, count = ndimage.label(cores)
        pair = _side_by_side(labels, count, spacing)
        if pair:
            right, left = (distance(labels == core) for core in pair)
            return tissue & (right < left), tissue & (left <= right)
    raise NoLungsError(NO_LUNGS.format("no two air-filled regions side by side that end inside the image"))


def _side_by_side(cores: np.ndarray, count: int, spacing: float) -> tuple[int, int] | None:
    """Returns the labels of the right and left core: the largest region, and the largest one beside it."""
    sizes = np.bincount(cores.ravel(), minlength=count + 1)
    sizes[0] = 0
    first = int(sizes.argmax())
    if sizes[first] * spacing**3 / 1e6 < LEAST_LUNG_L:
        return None
    candidates = [c for c in np.argsort(sizes)[::-1] if sizes[c] >= SMALLER_SHARE * sizes[first] and c != first]
    middles = {core: ndimage.center_of_mass(cores == core)[0] * spacing for core in [first, *candidates]}
    for second in candidates:
        if abs(middles[first] - middles[second]) >= LUNGS_APART_MM and sizes[second] * spacing**3 / 1e6 >= LEAST_LUNG_L:
            return (first, int(second)) if middles[first] > middles[second] else (int(second), first)
    return None
