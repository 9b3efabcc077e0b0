"""When a candidate hits a finding: it lies nearer to its centre than its radius (LUNA16; Setio et al. 2017)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

PLACE = ["x", "y", "z"]


def nearest_hit(candidates: pd.DataFrame, findings: pd.DataFrame) -> np.ndarray:
    """Returns for each candidate of a scan the position of the finding that it hits, of several the nearest; else -1.

    Parameters
    ----------
    candidates, findings : DataFrame
        ``x, y, z`` (mm), of one scan; findings have ``diameter_mm`` too.
    """
    if not len(findings):
        return np.full(len(candidates), -1)
    away = cdist(candidates[PLACE].to_numpy(float), findings[PLACE].to_numpy(float))
    within = np.where(away < findings["diameter_mm"].to_numpy(float) / 2, away, np.inf)
    return np.where(np.isfinite(within.min(axis=1)), within.argmin(axis=1), -1)
