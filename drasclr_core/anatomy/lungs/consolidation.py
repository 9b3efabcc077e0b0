"""Dense disease at the lung's surface, which has the density of heart and liver, given back to the lung.

Thresholds cannot tell it from other soft tissue, and closing by a ball that is large enough would take in heart and
diaphragm. Two things tell it apart: diseased lung beside it, and lung or chest wall round most of it.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from drasclr_core.anatomy.lungs.cavity import BONE_ABOVE, chest_cavity
from drasclr_core.imaging.masks import distance

AERATED_BELOW = -300.0
"""Tissue that holds air, HU."""
HEALTHY, ILL = -780.0, -600.0
"""Mean HU of aerated lung, breathed in: at most the first beside healthy lung, at least the second beside pneumonia."""
DARKEST_PERCENTILE, ABOVE_DARKEST = 5, 90.0
"""Breathed out, healthy lung is denser, but evenly: both limits rise to so many HU above the darkest twentieth."""
LEAST_ILLNESS = 0.4
"""Below this fraction of the way from healthy to ill nothing is filled, so that normal lungs stay as they are."""
NEAR_MM = 12.0
"""Standard deviation of the neighbourhood in which lung and cavity are weighed."""
SURROUNDED = 0.68
"""Beside healthy lung, tissue is lung where lung fills more than this of the cavity round it."""
SURROUNDED_ILL, SURROUNDED_ORGAN = 0.45, 0.60
"""The same beside pneumonia, in thin tissue and in organs. Half is a flat surface; above, only pits are filled."""
FAT = (-200.0, -20.0)
"""Fat is not consolidated lung, HU."""
ORGAN_MM = 12.0
"""Soft tissue that holds a ball of this radius is heart or liver."""
MIDDLE_MM = 24.0
"""Half the width of the strip in the middle of the chest that counts as an organ: oesophagus, great vessels, spine."""
LEAST_CHANGE, MOST_STEPS = 20, 25
"""Stop when fewer voxels change in a step, or after so many steps."""


def add_consolidation(array: np.ndarray, lungs: np.ndarray, spacing: float) -> np.ndarray:
    """Grows both lungs into dense disease.

    A voxel joins the lung where the lung's part of the chest cavity in its neighbourhood, both weighed by a Gaussian,
    exceeds a limit; this is repeated until nothing changes (motion by mean curvature with a threshold: Merriman, Bence
    and Osher 1994). The limit falls with the density of the aerated lung nearby.

    Parameters
    ----------
    array : float32 [x, y, z]
        HU without much noise.
    lungs : uint8 [x, y, z]
        0, 1 right, 2 left, without dense disease.
    spacing : float
        Voxel size, mm; 3 to 4 mm is fine enough.

    Returns
    -------
    uint8 [x, y, z]
        `lungs` with the disease that was found.
    """
    both = lungs > 0
    illness = _illness(array, both, spacing)
    if not (illness[both] > LEAST_ILLNESS).any():
        return lungs
    bone = array > BONE_ABOVE
    cavity = chest_cavity(both, bone, spacing)
    touching = ndimage.binary_dilation(both, np.ones((3, 3, 3)))  # partial volume beside air looks like fat
    fat = (array > FAT[0]) & (array < FAT[1]) & ~touching
    free = cavity & ~ndimage.binary_dilation(bone) & ~fat & (illness > LEAST_ILLNESS)
    organ = _organs(cavity & ~both & (array > FAT[1]), spacing) | _middle(cavity, both, spacing)
    limit = SURROUNDED + illness * (np.where(organ, SURROUNDED_ORGAN, SURROUNDED_ILL) - SURROUNDED)
    limit *= _fraction_near(cavity, spacing).clip(1e-3)
    grown = lungs.copy()
    for side in (1, 2):
        grown[_grow(lungs == side, free & (grown == 0), limit, spacing)] = side
    return grown


def _fraction_near(mask: np.ndarray, spacing: float) -> np.ndarray:
    """Returns the fraction of `mask` in the neighbourhood of every voxel."""
    return ndimage.gaussian_filter(mask.astype(np.float32), NEAR_MM / spacing, truncate=3.0)


def _illness(array: np.ndarray, lungs: np.ndarray, spacing: float) -> np.ndarray:
    """Returns 0 beside healthy lung to 1 beside pneumonia, by the mean HU of aerated lung nearby, without its rim."""
    inner = ndimage.binary_erosion(lungs) & (array < AERATED_BELOW)
    share = _fraction_near(inner, spacing)
    # Vessels are dense too; the median removes all but those near the hilum.
    quiet = np.where(inner, ndimage.median_filter(array, 3), 0).astype(np.float32)
    mean = ndimage.gaussian_filter(quiet, NEAR_MM / spacing, truncate=3.0) / share.clip(1e-4)
    darkest = np.percentile(quiet[inner], DARKEST_PERCENTILE) if inner.any() else HEALTHY
    healthy = max(HEALTHY, darkest + ABOVE_DARKEST)
    return np.where(share < 0.01, 0.0, ((mean - healthy) / (ILL - HEALTHY)).clip(0, 1)).astype(np.float32)


def _organs(tissue: np.ndarray, spacing: float) -> np.ndarray:
    """Returns `tissue` opened by a ball: what is as thick as heart and liver."""
    deep = distance(~tissue) * spacing > ORGAN_MM
    return distance(deep) * spacing <= ORGAN_MM if deep.any() else deep


def _middle(cavity: np.ndarray, lungs: np.ndarray, spacing: float) -> np.ndarray:
    """Returns the strip along the middle of the cavity, a line through the middles of the slices that show lung."""
    x, slices = np.arange(cavity.shape[0]), np.flatnonzero((lungs & cavity).any(axis=(0, 1)))
    counts = cavity.sum(axis=1)[:, slices]
    line = np.polyfit(slices, x @ counts / counts.sum(axis=0), 1)
    middle = np.polyval(line, np.arange(cavity.shape[2]))
    return (np.abs(x[:, None] - middle) * spacing < MIDDLE_MM)[:, None, :]


def _grow(lung: np.ndarray, free: np.ndarray, limit: np.ndarray, spacing: float) -> np.ndarray:
    """Returns `lung` and the `free` voxels that it comes to surround by more than `limit`."""
    grown = lung
    for _ in range(MOST_STEPS):
        step = lung | (free & (_fraction_near(grown, spacing) > limit))
        if np.count_nonzero(step != grown) < LEAST_CHANGE:
            break
        grown = step
    return grown
