"""How like each other features are once the place is taken out of them."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import RBFInterpolator

from drasclr_core.represent.local.neighbours import unit_length

NEAREST = 16
"""Landmarks from which a mean between landmarks is interpolated."""


class PlaceMeans:
    """The mean of h over subjects as a function of place, known at the landmarks and interpolated between them.

    Radial functions of the distance are used (linear ones, with a constant), which pass through the landmarks' means
    and need no regular grid.

    Parameters
    ----------
    locations : float [L, 3]
        The landmarks, in [-1, 1].
    means : float [L, C]
    """

    def __init__(self, locations: np.ndarray, means: np.ndarray):
        neighbours = min(NEAREST, len(locations))
        self._field = RBFInterpolator(np.asarray(locations, float), means, neighbors=neighbours, kernel="linear")

    @classmethod
    def of(cls, features: np.ndarray, known: np.ndarray, locations: np.ndarray) -> PlaceMeans:
        """Returns the means of features [S, L, C] over those subjects whose patch counts, `known` [S, L].

        Landmarks at which no patch counts are left out.
        """
        there = known.any(axis=0)
        means = [features[own, landmark].mean(axis=0) for landmark, own in enumerate(known.T) if there[landmark]]
        return cls(np.asarray(locations)[there], np.array(means))

    def __call__(self, locations: np.ndarray) -> np.ndarray:
        """Returns means float32 [N, C] at locations [N, 3]."""
        return self._field(np.asarray(locations, float)).astype(np.float32)


def cosine_similarity(features: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Returns the cosine, -1 to 1, of each of the features [N, C] with one [C]; 0 with a vector of length 0."""
    return unit_length(np.asarray(features)) @ unit_length(np.asarray(query))
