"""What the place alone can tell: smooth functions of the location in the atlas."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import PolynomialFeatures, SplineTransformer

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
