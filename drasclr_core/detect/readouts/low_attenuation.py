"""The share of voxels below -950 HU in a box, and in the patch round each of its voxels (paper, Table 5: Patch LAA)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from drasclr_core.detect.boxes.patches import BoxPatches
from drasclr_core.detect.scoring.voxels import box_lattice, patch_corners
from drasclr_core.imaging.constants import LOW_ATTENUATION


def low_attenuation_share(patches: BoxPatches) -> np.ndarray:
    """Returns the share of the voxels of every box that lie below -950 HU, float [N, 1]."""
    return np.array([[(core < LOW_ATTENUATION).mean()] for core in patches.cores()])


def low_attenuation_voxels(patches: BoxPatches, stride: int = 4) -> Callable[[int], np.ndarray]:
    """Returns a function that gives, of a box, the share below -950 HU in the patch round each of its places, [P, 1].

    Patches are as large as a box, and the P places those at which `voxel_shares` asks a network: so the threshold can
    be judged by the paper's rule for boxes as networks are.
    """
    n = patches.size
    low = patch_corners(box_lattice(patches.size, stride, n)[0], n)
    return lambda row: _dark_in_cubes(patches.hu[row] < LOW_ATTENUATION, low, n)[:, None] / n**3


def _dark_in_cubes(dark: np.ndarray, low: np.ndarray, edge: int) -> np.ndarray:
    """Counts the voxels of a mask [x, y, z] in cubes that begin at `low` [P, 3], by its table of sums (Crow 1984)."""
    sums = np.pad(dark.astype(np.int64), ((1, 0),) * 3)
    for axis in range(3):
        sums = sums.cumsum(axis)
    counts = np.zeros(len(low), np.int64)
    for corner in np.ndindex(2, 2, 2):
        counts += (-1) ** (3 - sum(corner)) * sums[tuple((low + edge * np.array(corner)).T)]
    return counts
