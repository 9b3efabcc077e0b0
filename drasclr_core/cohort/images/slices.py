"""Slices of a CT as 2D images, evenly spread over the lungs or, where nobody knows them, over the scan."""

from __future__ import annotations

import numpy as np

from drasclr_core.imaging.volume import Volume
from drasclr_core.imaging.window import brightness

MARGIN_MM = 14.0
"""Kept round the lungs."""
ENDS = 0.1
"""Part of the extent at either end of which no slice is taken: there is hardly any lung."""


def lung_extent(mask: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Returns the box round a mask of the lungs, RAS mm [2, 3]: its lowest and highest voxel centres.

    Parameters
    ----------
    mask : [x, y, z]
        Not 0 in the lungs; RAS+.
    affine : float64 [4, 4]
        Diagonal but for its origin.

    Raises
    ------
    ValueError
        The mask is empty.
    """
    inside = np.nonzero(mask)
    if not inside[0].size:
        raise ValueError("the mask of the lungs is empty: run stage 02 again, or leave the subject out")
    ends = np.array([[axis.min() for axis in inside], [axis.max() for axis in inside]])
    return ends * np.diag(affine)[:3] + affine[:3, 3]


def axial_slices(volume: Volume, count: int, extent: np.ndarray | None = None) -> list[np.ndarray]:
    """Returns axial slices from the lowest to the highest, float32 [rows, columns], 0 to 1 over `HU_WINDOW`.

    As radiologists see them: front on top, the subject's right on the left side. All have one size, the box's.

    Parameters
    ----------
    volume : Volume
        HU, RAS+, axes along the patient's (as `load_volume` gives it).
    count : int
        How many; where the scan has fewer in the extent, all of these.
    extent : float [2, 3], optional
        Box in RAS mm (see `lung_extent`); without it the whole scan is the box.
    """
    shape, size = np.array(volume.array.shape), np.array(volume.spacing)
    low, high = np.zeros(3, dtype=int), shape - 1
    if extent is not None:
        ends = (extent - volume.affine[:3, 3]) / size
        margin = np.array([MARGIN_MM, MARGIN_MM, 0.0]) / size
        low = np.clip(np.floor(ends[0] - margin), 0, shape - 1).astype(int)
        high = np.clip(np.ceil(ends[1] + margin), low, shape - 1).astype(int)
    first, last = low[2] + ENDS * (high[2] - low[2]), high[2] - ENDS * (high[2] - low[2])
    places = np.unique(np.rint(np.linspace(first, last, count)).astype(int))
    box = volume.array[low[0] : high[0] + 1, low[1] : high[1] + 1]
    return [brightness(box[:, :, place].T[::-1, ::-1]) for place in places]
