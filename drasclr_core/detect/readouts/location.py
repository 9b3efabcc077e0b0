"""The control that sees no image: a smooth function of the location in the atlas alone.

Boxes of a subtype lie where that subtype lies. A detector that is no better than this one has learnt the place.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.preprocessing import PolynomialFeatures, SplineTransformer

from drasclr_core.detect.boxes.patches import BoxPatches
from drasclr_core.detect.scoring.voxels import box_lattice, locations_of

KNOTS = 3
"""Of the splines along each axis of the atlas, evenly from -1 to 1."""
DEGREE = 2


def location_basis(locations: np.ndarray) -> np.ndarray:
    """Returns quadratic B-splines of each coordinate and their products in pairs, float [N, K].

    A linear function of them is a smooth function of the location (Eilers and Marx 1996). The knots are fixed, so
    nothing is learnt from the `locations` [N, 3], which lie in [-1, 1].
    """
    knots = np.repeat(np.linspace(-1, 1, KNOTS)[:, None], 3, axis=1)
    splines = SplineTransformer(KNOTS, DEGREE, knots=knots, include_bias=False, extrapolation="constant").fit(knots)
    pairs = PolynomialFeatures(2, interaction_only=True, include_bias=False)
    return pairs.fit_transform(splines.transform(np.asarray(locations, dtype=float)))


def location_features(patches: BoxPatches) -> np.ndarray:
    """Returns the `location_basis` [N, K] of the middle of every box."""
    return location_basis(patches.clipped())


def location_around(patches: BoxPatches, stride: int = 4) -> Callable[[int], np.ndarray]:
    """Returns a function that gives, of a box, the `location_basis` [P, K] of the places at which networks are asked.

    The places of a row of the boxes are those of `box_lattice`, `stride` voxels apart.
    """
    points, _ = box_lattice(patches.size, stride, patches.size)
    return lambda row: location_basis(locations_of(patches, row, points))
