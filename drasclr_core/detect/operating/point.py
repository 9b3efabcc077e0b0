"""From which probability on a voxel is called ill: what few voxels of healthy lungs reach.

Of the boxes that train a detector half are annotated, and its probability of one half means that a patch is as likely
of either label *there*. In whole lungs nearly all voxels are healthy, and those who are least typical of health reach
one half by the thousand. So a map has a threshold of its own: the operating point at which the false alarm in healthy
lungs is as rare as was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drasclr_core.detect.scoring.voxels import THRESHOLD

HEALTHY_SHARE = 0.02
"""By default so much of healthy lungs is called ill, on average over lungs."""


def operating_point(probabilities: Sequence[np.ndarray], share: float = HEALTHY_SHARE) -> float:
    """Returns the lowest threshold from which on at most `share` of healthy lungs is called ill.

    Parameters
    ----------
    probabilities : sequence of float [N_k]
        Of voxels of each healthy lung; every lung has the same weight.
    share : float
        From 0 to 1, on average over the lungs.

    Returns
    -------
    float
        Never below one half; above every probability where even the highest is too frequent.

    Raises
    ------
    ValueError
        There is no voxel, or `share` is no share.
    """
    lungs = [np.asarray(one, dtype=float) for one in probabilities if len(one)]
    if not lungs:
        raise ValueError("There are no voxels of healthy lungs in which to find a threshold.")
    if not 0 <= share <= 1:
        raise ValueError(f"The share of healthy lungs that may be called ill is {share}: it must be from 0 to 1.")
    values = np.unique(np.concatenate(lungs))  # rising
    reached = np.mean([1 - np.searchsorted(np.sort(one), values, side="left") / len(one) for one in lungs], axis=0)
    allowed = np.flatnonzero(reached <= share + 1e-12)
    if not len(allowed):
        return max(float(np.nextafter(values[-1], 2)), THRESHOLD)
    lowest = allowed[0]
    between = values[lowest] if lowest == 0 else (values[lowest] + values[lowest - 1]) / 2
    return max(float(between), THRESHOLD)
