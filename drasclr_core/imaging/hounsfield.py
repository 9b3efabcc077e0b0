"""Whether the values of a scan are Hounsfield units: what cannot be is refused, what looks shifted is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from drasclr_core.imaging.constants import LOWEST
from drasclr_core.imaging.refusal import refusal

PADDING = -1500.0
"""Scanners mark voxels outside the scanned circle by values below this (-2000, -3024); no tissue is that dark."""
BRIGHTEST = 30710.0
"""The extended scale of CT ends here, HU; brighter values are none."""
AIR_PRESENT = -800.0
"""At least one voxel in a hundred of any chest CT (lung, air around the body) is darker than this, HU."""
SOFT_TISSUE = (-200.0, 200.0)
"""HU of fat, water, muscle and blood."""
SOFT_TISSUE_PRESENT = 0.02
"""Least fraction of voxels of soft tissue in a chest CT."""
AIR_PEAK = (PADDING, -860.0)
"""The peak of air (-1000) is looked for between these, HU; the next one is lung."""
TISSUE_PEAK = (-60.0, 300.0)
"""The peak of muscle and organs (30 to 60) is looked for between these, HU; the next ones are fat and marrow."""
DARKEST = 0.5
"""A cropped scan has no air around the body; this percentile is then air in the windpipe and the darkest lung."""
BIN = 5.0
"""Width of a histogram's bin, HU."""


def check_hounsfield(path: str | Path, array: np.ndarray) -> None:
    """Raises VolumeError for values that cannot be a chest CT in HU.

    Parameters
    ----------
    path : path
        Where the values are from, for the message.
    array : float32 [i, j, k]
    """
    low, high = float(array.min()), float(array.max())
    export = "Export the CT in Hounsfield units (air near -1000, water near 0)"
    if not (np.isfinite(low) and np.isfinite(high)):
        raise refusal(path, "NaN or infinite values", "Convert the scan again; every voxel needs a number")
    if low == high:
        raise refusal(path, f"every voxel has the value {low:g}", "Check that the export finished")
    if low >= -1.5 and high <= 1.5:
        raise refusal(path, f"values from {low:.2g} to {high:.2g} are normalised, not HU", export)
    if low >= 0 and high <= 255:
        raise refusal(path, f"values from {low:g} to {high:g} are 8-bit grey values, not HU", export)
    if low >= 0:
        raise refusal(path, f"no value below 0 (lowest {low:g}): stored detector values without rescaling", export)

    sample = array[::2, ::2]  # a quarter of the voxels is plenty for these shares and four times as fast
    scanned = sample[sample > PADDING]
    if not scanned.size or np.percentile(scanned, 1) > AIR_PRESENT:
        raise refusal(path, f"no air (below {AIR_PRESENT:g} HU): not a chest CT in HU", export)
    tissue = np.mean((scanned > SOFT_TISSUE[0]) & (scanned < SOFT_TISSUE[1]))
    if tissue < SOFT_TISSUE_PRESENT:
        raise refusal(
            path, f"only {100 * tissue:.1f} % of the voxels have HU of soft tissue: not a chest CT in HU", export
        )


def unwrapped(array: np.ndarray, slope: float | np.ndarray = 1.0) -> np.ndarray:
    """Returns the HU with negative values again where they were read as 16 bits without a sign (63536 for -2000).

    Parameters
    ----------
    array : float32 [i, j, k]
    slope : float or [k]
        HU of one stored step.
    """
    beyond = array > BRIGHTEST
    if not beyond.any() or not np.isfinite(array.max()):
        return array
    array = np.where(beyond, array - 2**16 * np.float32(slope), array)
    return np.where(array > BRIGHTEST, np.float32(LOWEST), array)  # a mark for padding in another scale


def air_hu(array: np.ndarray) -> float:
    """Returns the HU that air has in a scan: its most frequent value or, without a peak, that of the darkest voxels.

    Parameters
    ----------
    array : float32 [i, j, k]
        Values as stored, before they are cut off at `LOWEST`.
    """
    sample = array[::2, ::2]
    peak = _peak(sample, AIR_PEAK)
    return float(np.percentile(sample[sample > PADDING], DARKEST)) if peak is None else peak


def tissue_hu(array: np.ndarray) -> float | None:
    """Returns the most frequent HU of muscle and organs, about 40 with and without contrast agent; None without a peak.

    Parameters
    ----------
    array : float32 [x, y, z]
        Voxels of 3 mm or so; they are smoothed a little, against noise.
    """
    return _peak(ndimage.gaussian_filter(array, 0.7), TISSUE_PEAK)


def _peak(values: np.ndarray, limits: tuple[float, float]) -> float | None:
    """Middle of the fullest bin of the smoothed histogram; None at an end, where it is a neighbour's slope."""
    counts, edges = np.histogram(values, np.arange(limits[0] - BIN / 2, limits[1] + BIN, BIN))
    counts = ndimage.gaussian_filter1d(counts.astype(float), 1.5, mode="nearest")
    fullest = int(counts.argmax())
    inner = 2 < fullest < len(counts) - 3 and counts[fullest] > 0
    return float(edges[fullest] + BIN / 2) if inner else None
