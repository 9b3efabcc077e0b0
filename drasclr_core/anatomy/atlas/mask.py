"""A lung mask for an atlas, in the order in which its voxels are stored, and checked to be one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drasclr_core.anatomy.lungs.sides import LUNGS_L
from drasclr_core.imaging.readers import read_image
from drasclr_core.imaging.refusal import refusal
from drasclr_core.imaging.volume import MOST_LABELS

HIGHEST_LABEL = 255
ROUNDING = 1e-3
"""Labels that went through a file's slope and intercept are this close to whole numbers."""
REMEDY = (
    "Give a mask of both lungs: 0 outside, and inside one whole number, or one for each lung or lobe "
    f"(up to {HIGHEST_LABEL}), such as a lungs.nii.gz of stage 02"
)


def read_stored(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Reads the mask of two lungs in the order in which its voxels are stored.

    Subjects' masks come through `volume.load_mask`, which turns them to RAS+; the mask of an atlas must not be turned,
    or the grid would start at another corner.

    Parameters
    ----------
    path : path
        Any format that a scan may have. Whole numbers of any type, 0 outside; every number above counts as lung.

    Returns
    -------
    mask : uint8 [x, y, z]
    affine : float64 [4, 4]
        From voxel indices to RAS mm.

    Raises
    ------
    VolumeError
        The file cannot be read, or is no such mask: a CT, a probability, a body, a map of all organs.
    """
    array, affine, _ = read_image(path)
    if not (array.min() >= 0 and array.max() <= HIGHEST_LABEL):
        raise refusal(path, f"values from {array.min():g} to {array.max():g} are no lung mask", REMEDY)
    mask = np.rint(array).astype(np.uint8)
    if np.abs(array - mask).max() > ROUNDING:
        raise refusal(path, "not only whole numbers (a probability, or a mask that was interpolated?)", REMEDY)
    counts = sum(np.bincount(plane.ravel(), minlength=HIGHEST_LABEL + 1) for plane in mask)[1:]
    if np.count_nonzero(counts) > MOST_LABELS:
        raise refusal(path, f"{np.count_nonzero(counts)} labels are no lung mask", REMEDY)
    liters = counts.sum() * abs(np.linalg.det(affine[:3, :3])) / 1e6
    if not LUNGS_L[0] <= liters <= LUNGS_L[1]:
        raise refusal(path, f"{liters:.2g} l above zero, not the {LUNGS_L[0]:g} to {LUNGS_L[1]:g} l of lungs", REMEDY)
    return mask, affine
