"""How much of the lung in a patch is something: dark, or diseased in truth."""

from __future__ import annotations

import numpy as np

from drasclr_core.anatomy.extraction import extract_patches
from drasclr_core.imaging.volume import Volume

LEAST_LUNG = 0.1
"""Of a patch with a smaller part in the lungs nothing is said; a landmark must have as much in the atlas."""


def lung_shares(
    masks: dict[str, np.ndarray], lungs: np.ndarray, affine: np.ndarray, centres_mm: np.ndarray, size: int
) -> dict[str, np.ndarray]:
    """Returns how much of the lung in each patch every mask covers, in per cent.

    Parameters
    ----------
    masks : dict of [x, y, z]
        Name -> above zero where it is.
    lungs : [x, y, z]
        Above zero in the lungs.
    affine : float64 [4, 4]
        Of all these, from voxel indices to RAS mm.
    centres_mm : [N, 3]
        Centres of the patches, RAS mm.
    size : int
        Edge of a patch in voxels.

    Returns
    -------
    dict of float32 [N]
        By name; NaN where less than `LEAST_LUNG` of the patch lies in the lungs.
    """
    inside = np.asarray(lungs) > 0
    lung = _counts(inside, affine, centres_mm, size)
    known = lung >= LEAST_LUNG * size**3
    return {
        name: np.where(known, 100 * _counts((np.asarray(mask) > 0) & inside, affine, centres_mm, size)
                       / np.maximum(lung, 1), np.nan).astype(np.float32)
        for name, mask in masks.items()
    }  # fmt: skip


def _counts(mask: np.ndarray, affine: np.ndarray, centres_mm: np.ndarray, size: int) -> np.ndarray:
    """Voxels of the mask in each patch [N]; what lies outside the volume, the fill of patches, is below zero."""
    patches, _ = extract_patches(Volume(mask, affine), centres_mm, size)
    return np.count_nonzero(patches > 0, axis=(1, 2, 3))
