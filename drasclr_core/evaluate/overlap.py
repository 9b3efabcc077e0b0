"""How well a detected volume agrees with the true one: voxel by voxel, and as a share of the lungs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

from drasclr_core.imaging.masks import dice


class Overlap(NamedTuple):
    """What `overlap` returns; shares are fractions of the lungs' voxels.

    Attributes
    ----------
    dice : float
        2 |A and B| / (|A| + |B|). NaN where the true mask is empty: a subject without disease has nothing to overlap
        with, and what is marked there is told by the detected share. 0 where only the detected mask is empty.
    detected_share, true_share : float
    """

    dice: float
    detected_share: float
    true_share: float


class Agreement(NamedTuple):
    """Of detected with true shares over subjects, in percentage points where they are differences.

    Attributes
    ----------
    subjects : int
    slope, slope_low, slope_high : float
        Of the least-squares line detected = intercept + slope x true, and its 95 % interval.
    intercept : float
    bias, bias_low, bias_high : float
        Mean of detected minus true, and its 95 % interval (Student's t).
    """

    subjects: int
    slope: float
    slope_low: float
    slope_high: float
    intercept: float
    bias: float
    bias_low: float
    bias_high: float


def overlap(detected: np.ndarray, truth: np.ndarray, lungs: np.ndarray) -> Overlap:
    """Compares two masks `detected` and `truth` inside the `lungs`, all [x, y, z]: above zero is inside.

    Raises
    ------
    ValueError
        The masks lie on different grids, or there is no lung.
    """
    detected, truth, lungs = (np.asarray(mask) > 0 for mask in (detected, truth, lungs))
    if not detected.shape == truth.shape == lungs.shape:
        raise ValueError(f"masks of {detected.shape}, {truth.shape} and {lungs.shape} voxels: bring them to one grid")
    if not lungs.any():
        raise ValueError("the lung mask is empty: there is no volume to compare with")
    detected, truth = detected[lungs], truth[lungs]
    agreed = dice(detected, truth) if truth.any() else float("nan")
    return Overlap(agreed, float(detected.mean()), float(truth.mean()))


def share_agreement(detected: np.ndarray, true: np.ndarray) -> Agreement:
    """Returns line and mean difference of `detected` against `true` shares [N], both in per cent of the lungs.

    The line is NaN below three subjects or where all true shares are equal; the bias's interval below two.

    Raises
    ------
    ValueError
        The arrays differ in length.
    """
    detected, true = np.asarray(detected, dtype=float), np.asarray(true, dtype=float)
    if detected.shape != true.shape:
        raise ValueError(f"{len(detected)} detected shares of {len(true)} true ones: give one of each per subject")
    count, difference = len(true), detected - true
    slope = low = high = intercept = bias_low = bias_high = float("nan")
    if count > 2 and np.ptp(true) > 0:
        line = stats.linregress(true, detected)
        reach = stats.t.ppf(0.975, count - 2) * line.stderr
        slope, low, high = float(line.slope), float(line.slope - reach), float(line.slope + reach)
        intercept = float(line.intercept)
    bias = float(difference.mean()) if count else float("nan")
    if count > 1:
        reach = float(stats.t.ppf(0.975, count - 1) * difference.std(ddof=1) / np.sqrt(count))
        bias_low, bias_high = bias - reach, bias + reach
    return Agreement(count, slope, low, high, intercept, bias, bias_low, bias_high)
