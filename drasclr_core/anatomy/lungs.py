"""Right and left lung from a chest CT by thresholds and shape, without a trained network.

The steps are the classical ones (Hu, Hoffman and Reinhardt 2001, IEEE Trans Med Imaging 20:490): air inside the body,
minus trachea and main bronchi, split into two lungs, each closed so that vessels and dense disease belong to it.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from drasclr_core.anatomy.airways import IN_PLANE, find_airways
from drasclr_core.anatomy.shapes import bounding_box, close, distance, largest
from drasclr_core.anatomy.volume import Volume

RIGHT, LEFT = 1, 2
LUNG_BELOW = -400.0
"""HU halfway between lung tissue and soft tissue: where partial volume puts the lung's surface."""
SMOOTH_MM = 0.7
"""Standard deviation of the smoothing against noise."""
MOST_CUT_CM2 = 5.0
"""Lungs that meet the air round the body on a larger area are cut by the sides of the image."""
ONLY_AIR = -985.0
"""A region whose median is darker is air between arm and chest, in the bowel or in the table, not lung."""
FRAGMENT_L = 0.02
"""Smaller pieces that dense disease cuts off from a lung come back by closing, not as pieces."""
LEAST_LUNG_L = 0.2
"""A smaller air-filled region is not taken for a lung."""
SMALLER_SHARE = 0.15
"""The smaller lung has at least this share of the larger one's volume; else the two have not been told apart yet."""
APART_MM = 60.0
"""The two lungs' centres are at least this far apart from right to left."""
DEEPEST_MM = 20.0
"""Lungs that touch are told apart by eroding up to this depth."""
CLOSE_MM = 10.0
"""Vessels and dense disease up to twice this thickness become part of the lung."""
WALL_MM = 1.5
"""Thickness of the wall of trachea and main bronchi."""
GAS_BELOW = -940.0
"""Gas in stomach and bowel is darker than this also after averaging, HU."""
GAS_CORE_MM = 3.0
"""Gas that touches a lung across a thin diaphragm is found by its core, this deep inside all that dark region."""
GAS_GROWTH_MM = 12.0
"""From its core the gas is followed this far, to its wall."""
GAS_OPEN = 0.25
"""Stomach and bowel have a wall: less than this share of a bubble's surface opens to the lung. A bulla's does."""
NO_LUNGS = "no whole lungs: {}. Give a chest CT that shows both lungs whole, not a crop"


class NoLungsError(ValueError):
    """Two whole lungs cannot be found in a scan."""


def segment_lungs(volume: Volume) -> np.ndarray:
    """Label the right and the left lung.

    Parameters
    ----------
    volume : Volume
        Chest CT with cubic voxels (1 to 4 mm).

    Returns
    -------
    uint8 [x, y, z]
        0 outside, 1 right lung (high x), 2 left lung; with vessels and disease, without trachea and main bronchi.

    Raises
    ------
    NoLungsError
        The scan does not show two whole lungs: another body part, a crop, or one lung only.
    """
    spacing = volume.spacing[0]
    array = ndimage.gaussian_filter(volume.array, SMOOTH_MM / spacing, mode="nearest")
    inside = _air_inside(array)
    if not inside.any():
        raise NoLungsError(NO_LUNGS.format("no air in the body"))
    airways = find_airways(array, inside, spacing)
    tissue = _lung_like(array, inside & ~ndimage.binary_dilation(airways), spacing)
    lungs = np.zeros(array.shape, dtype=np.uint8)
    box = bounding_box(tissue, CLOSE_MM / spacing)
    lungs[box] = _label_sides(array[box], tissue[box], airways[box], spacing)
    outside = (array < LUNG_BELOW) & ~inside
    if _cut_cm2(lungs, outside, spacing) > MOST_CUT_CM2:
        raise NoLungsError(NO_LUNGS.format("they reach the sides of the image"))
    return lungs


def _label_sides(array: np.ndarray, tissue: np.ndarray, airways: np.ndarray, spacing: float) -> np.ndarray:
    """Labels of the two lungs, whole, inside the box that holds them."""
    sides = _two_lungs(tissue & ~_bowel_gas(array, tissue, spacing), spacing)
    kept_out = distance(airways) * spacing <= spacing + WALL_MM if airways.any() else airways
    lungs = np.zeros(tissue.shape, dtype=np.uint8)
    for label, lung in zip((RIGHT, LEFT), sides, strict=True):
        whole = close(lung, CLOSE_MM / spacing) & ~kept_out & (lungs == 0)
        lungs[largest(whole)] = label
    return lungs


def _air_inside(array: np.ndarray) -> np.ndarray:
    """Air that, slice by slice, does not reach the sides of the image: lungs, airways and bowel gas."""
    labels, count = ndimage.label(array < LUNG_BELOW, structure=IN_PLANE)
    inside = np.ones(count + 1, dtype=bool)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        inside[np.unique(side)] = False
    inside[0] = False
    return inside[labels]


def _cut_cm2(lungs: np.ndarray, outside: np.ndarray, spacing: float) -> float:
    """Area on which lungs meet the outside air of the next slice: there the image's sides cut them off."""
    lungs = lungs > 0
    faces = np.count_nonzero(lungs[:, :, :-1] & outside[:, :, 1:]) + np.count_nonzero(
        lungs[:, :, 1:] & outside[:, :, :-1]
    )
    return faces * (spacing / 10) ** 2


def _lung_like(array: np.ndarray, air: np.ndarray, spacing: float) -> np.ndarray:
    """The connected pieces of `air` that are large enough for a lung's part and not filled with air alone."""
    labels, count = ndimage.label(air)
    liters = np.bincount(labels.ravel(), minlength=count + 1) * spacing**3 / 1e6
    pieces = [piece for piece in np.flatnonzero(liters >= FRAGMENT_L) if piece]
    boxes = ndimage.find_objects(labels)
    keep = np.zeros(count + 1, dtype=bool)
    for piece in pieces:
        box = boxes[piece - 1]
        keep[piece] = np.median(array[box][labels[box] == piece]) > ONLY_AIR
    return keep[labels]


def _bowel_gas(array: np.ndarray, tissue: np.ndarray, spacing: float) -> np.ndarray:
    """Bubbles of pure gas in the lower half that a wall separates from the lung, seen or not at this resolution."""
    gas = np.zeros(tissue.shape, dtype=bool)
    dark = tissue & (ndimage.gaussian_filter(array, 2.0 / spacing) < GAS_BELOW)
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
        if tissue[wide][surface].mean() < GAS_OPEN:
            gas[wide] |= bubble
    return gas


def _two_lungs(tissue: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Right and left part of the air-filled tissue, told apart where they touch.

    Erode deeper and deeper until two large regions lie side by side, then give every voxel to the nearer region.
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
