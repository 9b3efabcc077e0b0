"""Places between the landmarks, at which stored patches show the tissue too: they are cut with a margin."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

NEAR_ENOUGH = 0.75
"""Share of the way to the middle between two landmarks that the margin must reach for such places to be of use."""


class Place(NamedTuple):
    """Where statistics are measured: a landmark, or a place between some.

    Attributes
    ----------
    location : float64 [3]
        Mean of the locations that the patches are centred on, in [-1, 1].
    landmarks : int [K]
        From whose stored patches it is seen.
    offsets : int [K, 3]
        Voxels from the centre of the stored patch.
    """

    location: np.ndarray
    landmarks: np.ndarray
    offsets: np.ndarray


def measured_places(locations: np.ndarray, voxel: np.ndarray | None, margin: int) -> list[Place]:
    """Returns the landmarks and, as far as the margin allows, the middles of the grid's edges, faces and cubes.

    A middle is a place where all the landmarks round it are there. It is seen from each of them, as near as the margin
    reaches, so its patches lie evenly round it.

    Parameters
    ----------
    locations : float [L, 3]
        The landmarks, points of a regular grid, in [-1, 1].
    voxel : float [3] or None
        Edge of a voxel in locations, below 0 where an axis of the atlas runs against that of the patches; None: places
        between landmarks are not known.
    margin : int
        Voxels by which a view may be moved within a stored patch.

    Returns
    -------
    list of Place
        The landmarks first, in their order.
    """
    locations = np.asarray(locations, dtype=float)
    places = [Place(where, np.array([index]), np.zeros((1, 3), int)) for index, where in enumerate(locations)]
    steps = np.array([_step(column) for column in locations.T])
    if voxel is None or not np.isfinite(steps).all():
        return places
    half = np.abs(steps / 2 / voxel)  # voxels
    reach = np.minimum(np.round(half), margin).astype(int)
    if (reach < NEAR_ENOUGH * half).any():
        return places
    grid = 2 * np.round((locations - locations.min(axis=0)) / steps).astype(int)
    seen: dict[tuple, list] = {}
    for index, point in enumerate(grid):
        for way in product((-1, 0, 1), repeat=3):
            if any(way):
                seen.setdefault(tuple(point + way), []).append(
                    (index, np.array(way) * reach * np.sign(voxel).astype(int))
                )
    for point in grid:
        seen.pop(tuple(point), None)
    for point in sorted(seen):
        if len(seen[point]) < 2 ** (np.array(point) % 2).sum():
            continue
        landmarks, offsets = (np.array(part) for part in zip(*seen[point], strict=True))
        there = locations[landmarks] + offsets * voxel
        places.append(Place(there.mean(axis=0).clip(-1, 1), landmarks, offsets))
    return places


def _step(coordinates: np.ndarray) -> float:
    """The distance of neighbouring coordinates of a grid, NaN where there is one only."""
    apart = np.diff(np.unique(np.round(coordinates, 5)))
    return float(apart.min()) if len(apart) else np.nan
