"""The control that sees no image: a smooth function of the location in the atlas alone.

Boxes of a subtype lie where that subtype lies. A detector that is no better than this one has learnt the place.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from drasclr_core.detect.boxes.patches import BoxPatches
from drasclr_core.detect.scoring.voxels import box_lattice, locations_of
from drasclr_core.represent.local.location import location_basis


def location_features(patches: BoxPatches) -> np.ndarray:
    """Returns the `location_basis` [N, K] of the middle of every box."""
    return location_basis(patches.clipped())


def location_around(patches: BoxPatches, stride: int = 4) -> Callable[[int], np.ndarray]:
    """Returns a function that gives, of a box, the `location_basis` [P, K] of the places at which networks are asked.

    The places of a row of the boxes are those of `box_lattice`, `stride` voxels apart.
    """
    points, _ = box_lattice(patches.size, stride, patches.size)
    return lambda row: location_basis(locations_of(patches, row, points))
