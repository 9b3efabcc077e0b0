"""Which air-filled tissue is the right lung and which the left, also where they touch."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from drasclr_core.imaging.masks import distance

RIGHT, LEFT = 1, 2
LEAST_LUNG_L = 0.2
"""A smaller air-filled region is not taken for a lung."""
SMALLER_SHARE = 0.15
"""The smaller lung has at least this share of the larger one's volume; else the two have not been told apart yet."""
APART_MM = 60.0
"""The two lungs' centres are at least this far apart from right to left."""
DEEPEST_MM = 20.0
"""Lungs that touch are told apart by eroding up to this depth."""
NO_LUNGS = "no whole lungs: {}. Give a chest CT that shows both lungs whole, not a crop"


class NoLungsError(ValueError):
    """Two whole lungs cannot be found in a scan."""


def two_lungs(tissue: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Right and left part of the air-filled tissue, told apart where they touch.

    Erode deeper and deeper until two large regions lie side by side, then give every voxel to the nearer region.

    Parameters
    ----------
    tissue : bool [x, y, z]
    spacing : float
        Voxel size, mm.

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
    """Labels of the right and left core: the largest region, and the largest one beside it."""
    sizes = np.bincount(cores.ravel(), minlength=count + 1)
    sizes[0] = 0
    first = int(sizes.argmax())
    if sizes[first] * spacing**3 / 1e6 < LEAST_LUNG_L:
        return None
    candidates = [c for c in np.argsort(sizes)[::-1] if sizes[c] >= SMALLER_SHARE * sizes[first] and c != first]
    places = {core: ndimage.center_of_mass(cores == core)[0] * spacing for core in [first, *candidates]}
    for second in candidates:
        if abs(places[first] - places[second]) >= APART_MM and sizes[second] * spacing**3 / 1e6 >= LEAST_LUNG_L:
            return (first, int(second)) if places[first] > places[second] else (int(second), first)
    return None
