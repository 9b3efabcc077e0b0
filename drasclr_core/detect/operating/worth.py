"""What the operating points are worth in people whom neither weights nor thresholds know."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from drasclr_core.detect.scoring.voxels import THRESHOLD

COLUMNS = ["method", "task", "lungs", "threshold", "half", "healthy", "healthy_low", "healthy_high", "found_half",
           "found"]  # fmt: skip


def operating_worth(points: pd.DataFrame, tested: pd.DataFrame) -> pd.DataFrame:
    """Returns what detectors call ill in healthy lungs, and how many annotated boxes they find, of unseen subjects.

    Parameters
    ----------
    points : DataFrame
        From `find_operating_points`, of one method or several.
    tested : DataFrame
        ``method, task, fold, true, probability``: predictions for annotated and healthy boxes by detectors that have
        not seen their subjects.

    Returns
    -------
    DataFrame
        ``method, task``; ``lungs``, how many; ``threshold``, the mean over folds; ``half`` and ``healthy``, the mean
        share of healthy lungs called ill from one half on, and from the thresholds on, that with its 95 % interval
        ``healthy_low, healthy_high`` (`mean_share`); ``found_half`` and ``found``, the share of annotated boxes that
        are called ill at their middle.
    """
    own = ["method", "task"]
    thresholds = points.drop_duplicates([*own, "fold"])[[*own, "fold", "threshold"]]
    ill = tested[tested["true"].astype(bool)].merge(thresholds, on=[*own, "fold"])
    ill = ill.assign(found=ill["probability"] >= ill["threshold"], found_half=ill["probability"] >= THRESHOLD)
    found = ill.groupby(own)[["found_half", "found"]].mean()
    rows = []
    for (method, task), lungs in points.groupby(own, sort=False):
        threshold = thresholds.set_index(own).loc[[(method, task)], "threshold"].mean()
        boxes = found.loc[(method, task)].tolist() if (method, task) in found.index else [float("nan")] * 2
        rows.append((method, task, len(lungs), threshold, lungs["half"].mean(), *mean_share(lungs["share"]), *boxes))
    return pd.DataFrame(rows, columns=COLUMNS)


def mean_share(shares: pd.Series | np.ndarray) -> tuple[float, float, float]:
    """Returns the mean of shares of lungs with its 95 % interval (Student's t over lungs), within [0, 1].

    NaN without lungs; the interval is NaN of one lung. The shares of healthy lungs are skewed, so that from few lungs
    the upper end is too low more often than the level says: a test simulates how often.
    """
    shares = np.asarray(shares, dtype=float)
    mean = float(shares.mean()) if len(shares) else float("nan")
    if len(shares) < 2:
        return mean, float("nan"), float("nan")
    reach = float(stats.t.ppf(0.975, len(shares) - 1) * stats.sem(shares))
    return mean, max(mean - reach, 0.0), min(mean + reach, 1.0)
