"""How well boxes are ordered, whatever the threshold: average precision and area under the ROC curve, by bootstrap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from drasclr_core.evaluate.statistics.ranking import weighted_auc, weighted_average_precision
from drasclr_core.evaluate.statistics.resampling import draw_table, resample_counts

AVERAGE_PRECISION, DISCRIMINATION = "average precision", "AUC"


def average_precision_draws(predictions: pd.DataFrame, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Draws a bootstrap over subjects of the average precision of all boxes together, all methods on the same draws.

    What guessing gives is the share of annotated boxes, which is the average precision of calling everything positive.

    Parameters
    ----------
    predictions : DataFrame
        ``method, task, sid, true, probability`` of annotated and healthy boxes (`against_healthy`).

    Returns
    -------
    DataFrame
        ``method, task, metric, draw, value``; draw -1 is the sample itself. NaN where a draw has nothing to find.
    """
    return _draws(predictions, AVERAGE_PRECISION, weighted_average_precision, draws, seed)


def discrimination_draws(predictions: pd.DataFrame, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Draws a bootstrap over subjects of how often a box of the subtype gets a higher probability than one of another.

    It is the area under the ROC curve (ties count half), 0.5 for who cannot tell them apart.

    Parameters
    ----------
    predictions : DataFrame
        As in `average_precision_draws`, but of annotated boxes of both subtypes (`against_other`).

    Returns
    -------
    DataFrame
        As from `average_precision_draws`. NaN where a draw has boxes of one kind only.
    """
    return _draws(predictions, DISCRIMINATION, weighted_auc, draws, seed)


def _draws(predictions: pd.DataFrame, metric: str, of: Callable[..., np.ndarray], draws: int, seed: int
           ) -> pd.DataFrame:  # fmt: skip
    parts = []
    for task, here in predictions.groupby("task", sort=False):
        subjects = np.unique(here["sid"])
        times = resample_counts(len(subjects), draws, seed)
        for method, own in here.groupby("method", sort=False):
            weight = times[:, np.searchsorted(subjects, own["sid"])]
            values = of(own["true"].to_numpy(bool), own["probability"].to_numpy(float), weight)
            parts.append(draw_table(method, task, metric, values))
    return pd.concat(parts, ignore_index=True)
