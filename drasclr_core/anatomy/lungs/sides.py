"""Which air-filled tissue is the right lung and which the left, also where they touch; how large lungs are."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

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
NARROW_SHARE = 1 / 3
"""Lungs that meet more broadly are cut where the sagittal section is at most this share of either lung's largest."""
CUT_MM = 10.0
"""Within so much of the narrowest section the cut may leave its plane."""
NO_LUNGS = "no whole lungs: {}. Give a chest CT that shows both lungs whole, not a crop"


class NoLungsError(ValueError):
    """Two whole lungs cannot be found in a scan."""


def two_lungs(tissue: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns the right and the left part of the air-filled tissue, told apart where they touch.

    It is eroded deeper and deeper until two large regions lie side by side; then every voxel goes to the nearer one.
    Lungs that meet so broadly, in front of the heart most often, that no erosion parts them are cut across the bridge
    (`_cut_bridge`). Masks are bool [x, y, z] and RAS, `spacing` is in mm.

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
            return _shared_out(tissue, labels, pair)
    cut = _cut_bridge(tissue, spacing)
    if cut is not None:
        return _shared_out(tissue, cut, (RIGHT, LEFT))
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


def _shared_out(tissue: np.ndarray, cores: np.ndarray, pair: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the tissue that is nearer to the right core of the `pair` of labels, and that nearer to the left one."""
    right, left = (distance(cores == core) for core in pair)
    return tissue & (right < left), tissue & (left <= right)


def _cut_bridge(tissue: np.ndarray, spacing: float) -> np.ndarray | None:
    """Returns labels of both lungs in tissue in which they meet broadly; None where it does not look like two lungs.

    Two lungs have a waist: between two large sagittal sections lies one that is far smaller. From the tissue on either
    side of it the depth below the surface is flooded (watershed), so that the cut follows the thinnest part of the
    bridge and need not be a plane.
    """
    labels, count = ndimage.label(tissue)
    if not count:
        return None
    whole = labels == np.bincount(labels.ravel())[1:].argmax() + 1
    area = whole.sum(axis=(1, 2))
    lesser = np.minimum(np.maximum.accumulate(area), np.maximum.accumulate(area[::-1])[::-1])
    share = np.divide(area, lesser, out=np.ones(len(area)), where=lesser > 0)
    waist = int(share.argmin())
    if share[waist] > NARROW_SHARE:
        return None
    x = np.arange(len(area))[:, None, None]
    beside = whole & (abs(x - waist) * spacing >= CUT_MM)
    found = watershed(-distance(~whole), np.where(beside, np.where(x > waist, RIGHT, LEFT), 0), mask=whole)
    return found if _side_by_side(found, 2, spacing) == (RIGHT, LEFT) else None
