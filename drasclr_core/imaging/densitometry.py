"""Densitometry of the lungs: the four measures of quantitative CT, of any scan and any mask."""

from __future__ import annotations

import numpy as np

from drasclr_core.imaging.constants import LOW_ATTENUATION
from drasclr_core.imaging.volume import Volume

MEASURES = ("laa950_pct", "mean_hu", "perc15_hu", "lung_volume_l")


def densitometry(volume: Volume, lungs: np.ndarray) -> dict[str, float]:
    """Returns the `MEASURES` of the voxels where `lungs` [x, y, z] is above zero: %, HU, HU, litres.

    The share of voxels below -950 HU (LAA-950), the mean and the 15th percentile of the HU, and the volume.

    Raises
    ------
    ValueError
        There are no lungs.
    """
    hu = volume.array[np.asarray(lungs) > 0]
    if not hu.size:
        raise ValueError("no voxel belongs to the lungs, so there is nothing to measure")
    laa, litres = 100 * float((hu < LOW_ATTENUATION).mean()), hu.size * float(np.prod(volume.spacing)) / 1e6
    return dict(zip(MEASURES, (laa, float(hu.mean()), float(np.percentile(hu, 15)), litres), strict=True))
