"""The chest cavity as a convex body: what found lungs and ribs enclose, also where disease hides the lung's edge."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull

from drasclr_core.imaging.masks import distance

BONE_ABOVE = 180.0
"""HU of bone, averaged over some millimetres."""
RIB_REACH_MM = 14.0
"""Ribs lie less than this outside the convex hull of the lungs; shoulder blades farther."""
RIB_GAP_PERCENTILE = 20
"""Most ribs have healthy lung beside them, so a low percentile of their distance from air is the wall's thickness."""
RIB_SPARE_MM = 2.0
"""Wall points are drawn this much farther in, so that coarse voxels do not push the hull into the wall."""
DOWNWARD = -0.5
"""Faces of the hull that look down more than this are left out: the diaphragm is no side of a convex body."""


def chest_cavity(lungs: np.ndarray, bone: np.ndarray, spacing: float) -> np.ndarray:
    """Returns a convex region round both lungs, open downwards, whose sides follow lungs and ribs.

    Dense disease along the wall takes away the air that shows where the wall is. The ribs still do: each is moved
    inwards by the distance at which ribs lie from air elsewhere in the same subject.

    Masks are bool [x, y, z]; `lungs` is what has been found of both. `spacing` is in mm.
    """
    points = np.argwhere(lungs & ~ndimage.binary_erosion(lungs)).astype(float)
    outside = distance(_hull(points, lungs.shape, -np.inf)) * spacing
    ribs = bone & (outside > 0) & (outside < RIB_REACH_MM)
    if ribs.any():
        gap = np.percentile(distance(lungs)[ribs] * spacing, RIB_GAP_PERCENTILE) + RIB_SPARE_MM
        outwards = np.stack(np.gradient(ndimage.gaussian_filter(outside, 1.0)), axis=-1)[ribs]
        outwards /= np.linalg.norm(outwards, axis=1, keepdims=True).clip(1e-6)
        points = np.concatenate([points, np.argwhere(ribs) - outwards * gap / spacing])
    return _hull(points, lungs.shape, DOWNWARD)


def _hull(points: np.ndarray, shape: tuple[int, ...], lowest: float) -> np.ndarray:
    """Returns the voxels inside the hull of `points` [N, 3], without faces whose normal has z at or below `lowest`.

    Along every line of voxels in x a convex body is one interval; the faces give its ends.
    """
    faces = np.unique(ConvexHull(points).equations.round(5), axis=0).astype(np.float32)
    faces = faces[faces[:, 2] > lowest]
    lines = np.stack(np.meshgrid(*map(np.arange, shape[1:]), indexing="ij"), -1).reshape(-1, 2).astype(np.float32)
    room = -(lines @ faces[:, 1:3].T + faces[:, 3])
    slope, flat = faces[:, 0], np.abs(faces[:, 0]) < 1e-5
    highest = (room[:, slope >= 1e-5] / slope[slope >= 1e-5]).min(axis=1, initial=np.inf)
    least = (room[:, slope <= -1e-5] / slope[slope <= -1e-5]).max(axis=1, initial=-np.inf)
    least[(room[:, flat] < -1e-3).any(axis=1)] = np.inf
    x = np.arange(shape[0])[:, None]
    return ((x >= least - 1e-3) & (x <= highest + 1e-3)).reshape(shape)
