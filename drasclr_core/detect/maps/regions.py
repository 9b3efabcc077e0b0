"""Where in the lungs the two subtypes are found: depth below the pleura and height above the base (Figure 3)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import ndimage, stats

from drasclr_core.cohort.annotations import SUBTYPES

LEAST_SUBJECTS = 3
"""Fewer subjects have no interval."""
PLACES = ["measure", *SUBTYPES, "rank_biserial"]


def depth_below_pleura(lungs: np.ndarray, spacing: float) -> np.ndarray:
    """Returns mm from each lung voxel to the nearest voxel outside its own lung, 0 outside the lungs.

    Parameters
    ----------
    lungs : [x, y, z]
        Each value above 0 is a lung. Its surface includes the mediastinal one; fissures are not seen.
    spacing : float
        Edge of the cubic voxels in mm.
    """
    sides = np.setdiff1d(np.unique(lungs), [0])
    return sum(ndimage.distance_transform_edt(np.pad(lungs == side, 1))[1:-1, 1:-1, 1:-1] for side in sides) * spacing


def height_in_lungs(lungs: np.ndarray) -> np.ndarray:
    """Returns the height of each voxel of [x, y, z] (RAS+): 0 in the lowest slice that holds lung, 1 in the highest."""
    slices = np.flatnonzero((np.asarray(lungs) > 0).any(axis=(0, 1)))
    line = (np.arange(lungs.shape[2]) - slices[0]) / max(slices[-1] - slices[0], 1)
    return np.broadcast_to(line, lungs.shape)


def rank_biserial(first: np.ndarray, second: np.ndarray) -> float:
    """Returns the rank-biserial correlation of two samples: how much likelier the first is the larger than the smaller.

    From -1 (every value of the first is below all of the second) to 1; 0 where neither is ahead, NaN where one of them
    is empty (Cureton 1956; twice the Mann-Whitney probability, minus 1).
    """
    if not len(first) or not len(second):
        return float("nan")
    wins = stats.mannwhitneyu(first, second, method="asymptotic").statistic
    return float(2 * wins / (len(first) * len(second)) - 1)


def subtype_places(masks: dict[str, np.ndarray], lungs: np.ndarray, spacing: float) -> pd.DataFrame:
    """Returns where the voxels of both subtypes lie in one subject, and how far they lie apart.

    Parameters
    ----------
    masks : dict of [x, y, z]
        Of each of `SUBTYPES`, detected or true; above zero inside.
    lungs, spacing
        As in `depth_below_pleura`; the array is RAS+.

    Returns
    -------
    DataFrame
        ``measure`` (``depth`` in mm, ``height`` as a fraction), the median of each subtype's voxels in the lungs, and
        ``rank_biserial``, above 0 where centrilobular voxels lie deeper, or higher. NaN for a subtype without voxels.
    """
    inside, rows = np.asarray(lungs) > 0, []
    for measure, field in (("depth", depth_below_pleura(lungs, spacing)), ("height", height_in_lungs(lungs))):
        values = [field[inside & (np.asarray(masks[subtype]) > 0)] for subtype in SUBTYPES]
        medians = [float(np.median(own)) if len(own) else float("nan") for own in values]
        rows.append((measure, *medians, rank_biserial(*values)))
    return pd.DataFrame(rows, columns=PLACES)


def regions_apart(places: pd.DataFrame) -> pd.DataFrame:
    """Returns how far apart the two subtypes lie on average over subjects, with 95 % intervals (Student's t).

    Parameters
    ----------
    places : DataFrame
        ``source, measure, centrilobular, paraseptal, rank_biserial``, a row for each subject, source (``detected``,
        ``true``) and measure. Subjects without one of the subtypes are left out.

    Returns
    -------
    DataFrame
        ``source, measure, subjects``, means of the two medians, ``rank_biserial, low, high``; no interval (NaN) below
        `LEAST_SUBJECTS`.
    """
    rows = []
    for (source, measure), own in places.dropna(subset="rank_biserial").groupby(["source", "measure"], sort=False):
        mean, count, reach = own["rank_biserial"].mean(), len(own), float("nan")
        if count >= LEAST_SUBJECTS:
            reach = stats.t.ppf(0.975, count - 1) * own["rank_biserial"].sem()
        ends = (max(mean - reach, -1.0), min(mean + reach, 1.0)) if count >= LEAST_SUBJECTS else (reach, reach)
        rows.append((source, measure, count, *own[list(SUBTYPES)].mean(), mean, *ends))
    return pd.DataFrame(rows, columns=["source", "measure", "subjects", *SUBTYPES, "rank_biserial", "low", "high"])
