"""The densities of a lung in numbers that may be shared: histogram, LAA-950, volume; of phantoms and of real scans."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.imaging.constants import LOW_ATTENUATION
from drasclr_core.imaging.volume import Volume

BIN_HU = 10
EDGES = np.arange(-1030, 110, BIN_HU)


def density_table(volume: Volume, lungs: np.ndarray, **names: str) -> pd.DataFrame:
    """Returns densities inside the lungs of one scan.

    Parameters
    ----------
    volume : Volume
    lungs : uint8 [x, y, z]
        Lung mask, not 0 in the lungs.
    **names
        Columns that say which scan it is, such as ``scan`` and ``licence``.

    Returns
    -------
    DataFrame
        One row per histogram bin of 10 HU: the `names`, ``lung_volume_l``, ``mean_hu``, ``median_hu``, ``laa950_pct``
        (voxels below -950 HU, %), ``hu_from`` (lower edge of the bin) and ``share_pct`` (of the lung voxels, %).

    Raises
    ------
    ValueError
        If the mask is empty.
    """
    hu = volume.array[lungs > 0]
    if not hu.size:
        raise ValueError("The lung mask is empty: find the lungs before measuring their densities.")
    counts, _ = np.histogram(hu, EDGES)
    return pd.DataFrame({
        **names,
        "lung_volume_l": round(hu.size * abs(np.linalg.det(volume.affine[:3, :3])) / 1e6, 2),
        "mean_hu": round(float(hu.mean()), 1),
        "median_hu": round(float(np.median(hu)), 1),
        "laa950_pct": round(100 * float((hu < LOW_ATTENUATION).mean()), 2),
        "hu_from": EDGES[:-1],
        "share_pct": np.round(100 * counts / hu.size, 3),
    })  # fmt: skip


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Returns one row per scan of a `density_table` (or several put together): everything but the histogram."""
    return table.drop(columns=["hu_from", "share_pct"]).drop_duplicates(ignore_index=True)
