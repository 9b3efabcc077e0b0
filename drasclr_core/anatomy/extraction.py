"""Cutting patches round the landmarks out of a scan."""

from __future__ import annotations

import numpy as np

from drasclr_core.imaging.affine import transform
from drasclr_core.imaging.constants import HIGHEST, LOWEST
from drasclr_core.imaging.volume import Volume


def extract_patches(volume: Volume, centres_mm: np.ndarray, size: int) -> tuple[np.ndarray, int]:
    """Cuts cubes of voxels round points, without interpolation.

    Parameters
    ----------
    volume : Volume
    centres_mm : [L, 3]
        Points in RAS mm. The patch's centre is the nearest place on the voxel grid, at most half a voxel off per axis.
    size : int
        Edge in voxels.

    Returns
    -------
    patches : int16 [L, size, size, size]
        HU; air (-1024) where the patch leaves the volume.
    padded : int
        How many patches leave the volume.
    """
    voxels = transform(np.linalg.inv(volume.affine), centres_mm)
    lows = np.floor(voxels - (size - 1) / 2 + 0.5).astype(int)
    shape = np.array(volume.array.shape)
    patches = np.full((len(lows), size, size, size), int(LOWEST), dtype=np.int16)
    for patch, low in zip(patches, lows, strict=True):
        start, stop = np.clip([low, low + size], 0, shape)
        part = volume.array[tuple(map(slice, start, stop))]
        patch[tuple(map(slice, start - low, stop - low))] = np.clip(np.rint(part), LOWEST, HIGHEST)
    return patches, int(((lows < 0) | (lows + size > shape)).any(axis=1).sum())
