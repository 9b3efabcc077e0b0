"""A scan on coarser voxels and back: heavy steps run where voxels are few, the surface is found where they are fine."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

QUIET_TISSUE = (-50.0, 100.0)
"""HU of muscle, blood and organs, where noise can be seen apart from structure."""
SEEN_IN = 5
"""Noise is what differs from the mean of a cube of so many voxels."""
SMOOTH_MM = 0.7
"""Least standard deviation of the smoothing against noise."""
LEFT_HU = 25.0
"""Noise that smoothing may leave, HU: a fifth of the 130 HU that separate air from lung tissue."""


def smoothing_mm(array: np.ndarray, spacing: float) -> float:
    """Returns the standard deviation in mm of the Gaussian that leaves `LEFT_HU` of the scan's noise.

    A Gaussian of s voxels reduces the standard deviation of white noise in three dimensions by (2 s sqrt(pi))^1.5.
    `array` is in HU, `spacing` in mm.
    """
    mean = ndimage.uniform_filter(array, SEEN_IN)
    soft = (mean > QUIET_TISSUE[0]) & (mean < QUIET_TISSUE[1])
    if not soft.any():
        return SMOOTH_MM
    noise = 1.4826 * np.median(np.abs(array[soft] - mean[soft]))
    return max(SMOOTH_MM, float((noise / LEFT_HU) ** (2 / 3) / (2 * np.sqrt(np.pi)) * spacing))


def shrink(array: np.ndarray, factor: int) -> np.ndarray:
    """Returns the mean of cubes of `factor` voxels; the last ones are filled up with their neighbours."""
    if factor == 1:
        return array
    array = np.pad(array, [(0, -size % factor) for size in array.shape], mode="edge")
    total = np.zeros([size // factor for size in array.shape], np.float32)
    for corner in np.ndindex((factor,) * array.ndim):
        total += array[tuple(slice(start, None, factor) for start in corner)]
    return total / factor**array.ndim


def enlarge(array: np.ndarray, factor: int, shape: tuple[int, ...]) -> np.ndarray:
    """Returns every voxel of a shrunk array repeated: `shape` voxels."""
    for axis in range(array.ndim if factor > 1 else 0):
        array = np.repeat(array, factor, axis)
    return array[tuple(map(slice, shape))]
