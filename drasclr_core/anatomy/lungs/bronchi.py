"""Bronchi inside the lungs: their lumen is as dark as emphysema and is none.

`segment_lungs` leaves out trachea and main bronchi; what branches from them stays in the lungs. Here the branches are
followed from there through dark voxels that touch a wall. Emphysema has no wall, so it is not followed; the thinnest
bronchi are not found, which are brighter than emphysema by partial volume.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from drasclr_core.anatomy.lungs.airways import air_inside, find_airways
from drasclr_core.anatomy.lungs.gas import level_of_air
from drasclr_core.anatomy.lungs.grids import enlarge, shrink
from drasclr_core.imaging.masks import distance
from drasclr_core.imaging.volume import Volume

WORK_MM = 2.0
"""Voxels on which bronchi are followed, about."""
BODY_BELOW = -400.0
"""HU below which a voxel holds air."""
LUMEN_BELOW, WALL_ABOVE = -900.0, -650.0
"""HU of a voxel of the lumen, and of one next to it, which holds part of the wall."""
REACH_MM = 60.0
"""No further from the main bronchi; beyond, a lumen is thinner than the voxels."""
SMOOTH = 0.5
"""Standard deviation in voxels of the smoothing before the trachea is looked for."""


def bronchial_lumen(volume: Volume, lungs: np.ndarray) -> np.ndarray:
    """Returns the lumen of bronchi in the lungs, bool [x, y, z].

    Parameters
    ----------
    volume : Volume
        Chest CT with cubic voxels.
    lungs : uint8 [x, y, z]
        From `segment_lungs`, above zero inside.

    Returns
    -------
    bool [x, y, z]
        All False where no trachea is found (the scan begins below it, or is very noisy).
    """
    factor = max(1, round(WORK_MM / volume.spacing[0]))
    array, spacing = shrink(volume.array, factor), factor * volume.spacing[0]
    air = array < BODY_BELOW
    inside = air_inside(air)
    nothing = np.zeros(lungs.shape, dtype=bool)
    if not inside.any():
        return nothing
    trunk = find_airways(ndimage.gaussian_filter(array, SMOOTH), inside, level_of_air(array, air & ~inside), spacing)
    if not trunk.any():
        return nothing
    walled = (array < LUMEN_BELOW) & inside & (ndimage.maximum_filter(array, 3) > WALL_ABOVE)
    near = walled & (distance(trunk) * spacing < REACH_MM)
    labels, count = ndimage.label(near | trunk, np.ones((3, 3, 3)))
    reached = np.zeros(count + 1, dtype=bool)
    reached[np.unique(labels[trunk])] = True
    return enlarge(reached[labels], factor, lungs.shape) & (np.asarray(lungs) > 0)


def without_bronchi(volume: Volume, lungs: np.ndarray) -> np.ndarray:
    """Returns lungs [x, y, z] of a `volume` in which the `bronchial_lumen` is 0: what can have emphysema."""
    return np.where(bronchial_lumen(volume, lungs), 0, lungs).astype(np.asarray(lungs).dtype)
