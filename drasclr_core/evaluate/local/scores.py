"""R2 of local readouts: of all patches together, with an interval over subjects, and landmark by landmark."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.evaluate.local.readout import LocalReadout
from drasclr_core.evaluate.statistics.intervals import paired_difference
from drasclr_core.evaluate.statistics.resampling import LEVEL, SAMPLE, resample_counts

LEAST_ILL = 5
"""A landmark at which fewer subjects have any of a disease gets no R2 of its own."""


def pooled_scores(
    readouts: dict[str, LocalReadout], shares: np.ndarray, draws: int = 1000, seed: int = 0, closely: str = ""
) -> pd.DataFrame:
    """Returns the R2 of all patches together, against what the place alone tells.

    R2 is 1 minus the squared error of the readout over that of the landmark's mean (`LocalReadout.floor`): 0 is an
    encoder that knows the place only, 1 one that knows every share. Subjects are resampled, with all their patches.

    Parameters
    ----------
    readouts : dict of str to LocalReadout
        By method, over the same folds.
    shares : float [S, L]
        What was true, per cent.
    draws, seed : int
    closely : str
        The method that the others are compared with; empty for none.

    Returns
    -------
    DataFrame
        ``method, r2, low, high, ahead, ahead_low, ahead_high``; the last three say how far `closely` is ahead of this
        method, with a paired interval. Intervals are 95 %; NaN where there is nothing to compare or nobody is ill.
    """
    counts = resample_counts(len(shares), draws, seed)
    found = {}
    for method, readout in readouts.items():
        missed, spread = _sums(readout, shares, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            found[method] = pd.Series(1 - (counts @ missed) / (counts @ spread), np.arange(len(counts)) + SAMPLE)
            found[method] = found[method].where(np.isfinite(found[method]))
    return with_intervals(found, "R2", "r2", closely)


def with_intervals(found: dict[str, pd.Series], metric: str, column: str, closely: str = "") -> pd.DataFrame:
    """Returns scores with their 95 % intervals, and how far one method is ahead of the others.

    Parameters
    ----------
    found : dict of str to Series
        Method -> its score by number of the draw, all of the same draws; `SAMPLE` is the sample itself.
    metric, column : str
        Of the scores, and what they are called in the table.
    closely : str
        The method that the others are compared with; empty for none.

    Returns
    -------
    DataFrame
        ``method``, the `column`, ``low, high, ahead, ahead_low, ahead_high``.
    """
    rows = []
    for method, values in found.items():
        low, high = values[values.index > SAMPLE].quantile([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        row = {"method": method, column: values[SAMPLE], "low": low, "high": high}
        ahead = paired_difference(found[closely], values, metric) if closely and method != closely else None
        ends = ahead[:3] if ahead else [np.nan] * 3
        rows.append(row | dict(zip(("ahead", "ahead_low", "ahead_high"), ends, strict=True)))
    return pd.DataFrame(rows)


def landmark_scores(readout: LocalReadout, shares: np.ndarray) -> pd.DataFrame:
    """Returns the R2 of held-out subjects at each landmark, against the mean of the training subjects there.

    Parameters
    ----------
    readout : LocalReadout
    shares : float [S, L]
        The true share of the disease in each patch, per cent.

    Returns
    -------
    DataFrame
        ``landmark, subjects, ill, mean_share, missed, spread, r2``: how many subjects have a known patch there and how
        many any of the disease; the mean share, per cent; the sums of squares of the readout's errors and of the
        floor's; and 1 minus their ratio. Where fewer than `LEAST_ILL` are ill this is NaN: it would be that of one or
        two people.
    """
    known, (missed, spread) = np.isfinite(readout.predicted), _sums(readout, shares, axis=0)
    ill = (known & (np.nan_to_num(shares) > 0)).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        r2 = np.where(ill >= LEAST_ILL, 1 - missed / spread, np.nan)
    subjects = known.sum(axis=0)
    mean = np.where(known, shares, 0).sum(axis=0) / np.maximum(subjects, 1)
    columns = {"subjects": subjects, "ill": ill, "mean_share": mean, "missed": missed, "spread": spread, "r2": r2}
    return pd.DataFrame({"landmark": np.arange(len(r2)), **columns})


def _sums(readout: LocalReadout, shares: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Sums of squares along an axis of [S, L]: of the readout's errors, and of the floor's."""
    known = np.isfinite(readout.predicted)
    parts = [np.where(known, (shares - values) ** 2, 0).sum(axis=axis) for values in readout]
    return parts[0], parts[1]
