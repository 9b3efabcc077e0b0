"""Whether what resembles a voxel in a lesion is ill too: rank correlations over the points of a map, by subject."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from drasclr_core.evaluate.statistics.resampling import LEVEL, resample_counts


def likeness(similarity: np.ndarray, share: np.ndarray, among: np.ndarray) -> float:
    """Returns Spearman's correlation of similarity [N] and share [N] over the points `among` [N]; NaN if none varies.

    Points of which either is not known (NaN) are left out.
    """
    among = among & np.isfinite(share) & np.isfinite(similarity)
    if among.sum() < 3 or np.ptp(similarity[among]) == 0 or np.ptp(share[among]) == 0:
        return float("nan")
    return float(spearmanr(similarity[among], share[among]).statistic)


def likeness_table(found: pd.DataFrame, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Returns the mean over subjects of their correlations, with a 95 % interval by resampling subjects.

    Parameters
    ----------
    found : DataFrame
        ``subject, method, correlation``; subjects without a number are left out of all methods.
    draws, seed : int

    Returns
    -------
    DataFrame
        ``method, correlation, low, high, subjects``; the interval is NaN for fewer than three subjects.
    """
    wide = found.pivot(index="subject", columns="method", values="correlation").dropna()
    counts, rows = resample_counts(len(wide), draws, seed) if len(wide) else None, []
    for method in dict.fromkeys(found["method"]):
        means = counts @ wide[method].to_numpy() / len(wide) if len(wide) else np.full(1, np.nan)
        ends = np.quantile(means[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if len(wide) > 2 else (np.nan, np.nan)
        rows.append({"method": method, "correlation": means[0], "low": ends[0], "high": ends[1], "subjects": len(wide)})
    return pd.DataFrame(rows, columns=["method", "correlation", "low", "high", "subjects"])
