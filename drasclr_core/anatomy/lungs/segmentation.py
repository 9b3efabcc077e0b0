"""Right and left lung from a chest CT by thresholds and shape, without a trained network.

The steps are the classical ones (Hu, Hoffman and Reinhardt 2001, IEEE Trans Med Imaging 20:490): air inside the body,
minus trachea and main bronchi, split into two lungs, each closed so that vessels and inner disease belong to it. Dense
disease at the surface is added after that (`consolidation`). All this runs on voxels of about 2 mm; where the scan has
finer ones, the surface is then found on those (`_on_fine_voxels`).
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from drasclr_core.anatomy.lungs.airways import air_inside, find_airways
from drasclr_core.anatomy.lungs.consolidation import add_consolidation
from drasclr_core.anatomy.lungs.gas import bowel_gas, level_of_air, lung_like
from drasclr_core.anatomy.lungs.grids import enlarge, shrink, smoothing_mm
from drasclr_core.anatomy.lungs.sides import LEFT, NO_LUNGS, RIGHT, NoLungsError, two_lungs
from drasclr_core.imaging.masks import bounding_box, close, distance, largest
from drasclr_core.imaging.volume import Volume

LUNG_BELOW = -400.0
"""HU halfway between lung tissue and soft tissue: where partial volume puts the lung's surface."""
WORK_MM, DISEASE_MM = 2.0, 4.0
"""Voxels on which lungs and dense disease are looked for, about."""
MOST_CUT_CM2 = 5.0
"""Lungs that meet the air round the body on a larger area are cut by the sides of the image."""
CLOSE_MM = 10.0
"""Vessels and dense disease up to twice this thickness become part of the lung."""
WALL_MM = 1.5
"""Thickness of the wall of trachea and main bronchi."""


def segment_lungs(volume: Volume) -> np.ndarray:
    """Returns labels of the right and the left lung.

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
    factor = max(1, round(WORK_MM / volume.spacing[0]))
    spacing = factor * volume.spacing[0]
    array = shrink(volume.array, factor)
    smooth = smoothing_mm(array, spacing)
    array = ndimage.gaussian_filter(array, smooth / spacing, mode="nearest", truncate=3.0)
    air = array < LUNG_BELOW
    inside = air_inside(air)
    if not inside.any():
        raise NoLungsError(NO_LUNGS.format("no air in the body"))
    level = level_of_air(array, air & ~inside)
    airways = find_airways(array, inside, level, spacing)
    tissue = lung_like(array, inside & ~ndimage.binary_dilation(airways), level, spacing)
    box = bounding_box(tissue, 2 * CLOSE_MM / spacing)
    array, tissue, airways = array[box], tissue[box], airways[box]
    tissue &= ~bowel_gas(array, tissue, level, spacing)
    kept_out = distance(airways) * spacing <= spacing + WALL_MM if airways.any() else airways
    found = _whole_lungs(array, tissue, kept_out, spacing)
    if _cut_cm2(found, (air & ~inside)[box], spacing) > MOST_CUT_CM2:
        raise NoLungsError(NO_LUNGS.format("they reach the sides of the image"))
    lungs = np.zeros(volume.array.shape, dtype=np.uint8)
    fine = tuple(slice(side.start * factor, side.stop * factor) for side in box)
    lungs[fine] = _on_fine_voxels(volume.array[fine], found, tissue, factor, smooth / volume.spacing[0])
    return lungs


def _whole_lungs(array: np.ndarray, tissue: np.ndarray, kept_out: np.ndarray, spacing: float) -> np.ndarray:
    """Returns labels of the two lungs, with vessels and dense disease."""
    lungs = np.zeros(tissue.shape, dtype=np.uint8)
    for label, lung in zip((RIGHT, LEFT), two_lungs(tissue, spacing), strict=True):
        whole = close(lung, CLOSE_MM / spacing) & ~kept_out & (lungs == 0)
        lungs[largest(whole)] = label
    factor = max(1, round(DISEASE_MM / spacing))
    sides = [shrink((lungs == label).astype(np.float32), factor) > 0.5 for label in (RIGHT, LEFT)]
    coarse = (RIGHT * sides[0] + LEFT * sides[1]).astype(np.uint8)
    grown = add_consolidation(shrink(array, factor), coarse, factor * spacing)
    for label in (RIGHT, LEFT):
        disease = (grown == label) & (coarse != label)
        if disease.any():
            # The sum of smoothed lung and disease is above a half also in the seam between the two.
            added = enlarge(disease, factor, lungs.shape) | (lungs == label)
            added = ndimage.gaussian_filter(added.astype(np.float32), factor / 2, truncate=2.0) > 0.5
            lungs[close(added | (lungs == label), CLOSE_MM / spacing) & ~kept_out & (lungs == 0)] = label
    return lungs


def _cut_cm2(lungs: np.ndarray, outside: np.ndarray, spacing: float) -> float:
    """Returns the area on which lungs meet the outside air of the next slice: there the image's sides cut them."""
    low, high = np.s_[:, :, :-1], np.s_[:, :, 1:]
    faces = sum(np.count_nonzero((lungs[one] > 0) & outside[other]) for one, other in ((low, high), (high, low)))
    return faces * (spacing / 10) ** 2


def _on_fine_voxels(array: np.ndarray, lungs: np.ndarray, tissue: np.ndarray, factor: int, smooth: float) -> np.ndarray:
    """Returns labels on voxels `factor` times finer: near a surface between lung tissue and the body, HU decide again.

    `array` holds the HU of the fine voxels; labels and air-filled `tissue` are on the coarse ones. `smooth` is the
    smoothing's standard deviation in fine voxels.
    """
    if factor == 1:
        return lungs
    cube = np.ones((3, 3, 3), dtype=bool)
    near = ndimage.grey_dilation(lungs, footprint=cube)
    rim = tissue & ~ndimage.binary_erosion(lungs > 0, cube)
    skin = (lungs == 0) & ndimage.binary_dilation(tissue & (lungs > 0), cube)
    fine = enlarge(lungs, factor, array.shape).copy()
    below = ndimage.gaussian_filter(array, smooth, truncate=2.0) < LUNG_BELOW
    fine[enlarge(rim, factor, array.shape) & ~below] = 0
    grown = enlarge(skin, factor, array.shape) & below
    fine[grown] = enlarge(near, factor, array.shape)[grown]
    return fine
