"""The grid of landmarks on a lung mask (section 3.1 of the paper)."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np


def landmark_grid(mask: np.ndarray, patch_size: int = 32, step: int = 26, coverage: float = 0.1) -> np.ndarray:
    """Returns the patches of a regular grid that lie in the lungs by more than `coverage` of their volume.

    Parameters
    ----------
    mask : [x, y, z]
        Lungs are above zero, whatever the label. What lies outside the array counts as not lung.
    patch_size, step : int
        Edge of a patch and distance between corners, in voxels.
    coverage : float
        Fraction of the patch's voxels.

    Returns
    -------
    int64 [L, 3]
        Corners (lowest voxel indices) of the patches, x outer, z inner. With the defaults on the authors' mask in its
        stored order: 575 of the 581 landmarks that they published, in their order.
    """
    lungs = np.asarray(mask) > 0
    corners = product(*(range(0, length, step) for length in lungs.shape))
    enough = coverage * patch_size**3
    kept = [corner for corner in corners
            if np.count_nonzero(lungs[tuple(slice(low, low + patch_size) for low in corner)]) > enough]  # fmt: skip
    return np.array(kept, dtype=np.int64).reshape(-1, 3)


def read_corners(path: str | Path) -> np.ndarray:
    """Reads landmarks from a file as the authors publish it: ``.npy`` with the corners of the patches, int64 [L, 3].

    Raises
    ------
    ValueError
        Not such a file, or fewer than two landmarks.
    """
    path = Path(path)
    try:
        corners = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{path.name}: cannot be read as .npy. Give the file of the patches' corners.") from error
    whole = corners.ndim == 2 and corners.shape[1] == 3 and len(corners) > 1 and corners.dtype.kind in "iuf"
    if not whole or (corners % 1 != 0).any():
        raise ValueError(f"{path.name}: {corners.dtype} of shape {corners.shape}, not whole numbers [landmarks, 3].")
    return corners.astype(np.int64)
