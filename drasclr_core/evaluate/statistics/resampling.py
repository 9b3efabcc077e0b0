"""Bootstrap over subjects (Efron 1979): how a score would move with other subjects from the same population.

The predictions are held fixed, each made when its subject was in a tested fold; subjects are drawn with replacement,
and the score is worked out again. In one draw all methods see the same subjects, so that differences of methods are
paired. What this leaves out: that other training subjects would have given other models.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from drasclr_core.evaluate.scores import KEYS, accuracy

LEVEL = 0.95
SAMPLE = -1
"""The number of the draw that is the sample itself."""


def numbered(predictions: pd.DataFrame) -> pd.DataFrame:
    """Returns the `predictions` with ``subject``, the rank of the sid among all sorted sids, instead of ``sid``.

    What is published must name nobody; that two methods predicted the same subject is still seen.
    """
    ranks = pd.factorize(predictions["sid"], sort=True)[0]
    return predictions.rename(columns={"sid": "subject"}).assign(subject=ranks)


def resample_counts(subjects: int, draws: int, seed: int = 0) -> np.ndarray:
    """Returns how often each of `subjects` is in the sample itself (row 0: once) and in each of the resamples.

    Returns
    -------
    int array [1 + draws, subjects]
        Every row has the sum `subjects`; the same `seed` gives the same resamples.
    """
    rng = np.random.default_rng([seed, subjects])
    resamples = rng.multinomial(subjects, np.full(subjects, 1 / subjects), size=draws)
    return np.vstack([np.ones((1, subjects), dtype=resamples.dtype), resamples])


def draw_table(method: str, task: str, metric: str, values: np.ndarray) -> pd.DataFrame:
    """Returns scores `values` [1 + draws] as rows ``method, task, metric, draw, value``; the first is draw `SAMPLE`."""
    return pd.DataFrame(
        {"method": method, "task": task, "metric": metric, "draw": np.arange(len(values)) + SAMPLE, "value": values}
    )


def readout_draws(predictions: pd.DataFrame, metrics: pd.DataFrame, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Returns bootstrap scores of readouts: mean over repeats of the score of all held-out subjects together.

    Parameters
    ----------
    predictions : DataFrame
        ``method, task, repeat, subject, true, predicted`` (see `numbered`).
    metrics : DataFrame
        ``task, metric``: what to compute, a metric of `scores.METRICS` (the rows of a table of scores).
    draws, seed : int

    Returns
    -------
    DataFrame
        ``method, task, metric, draw, value``; draw `SAMPLE` is the sample itself. A score that a draw does not define
        (R2 of subjects who are all equal, kappa of one grade that is always predicted) is NaN.
    """
    pairs = metrics[["task", "metric"]].drop_duplicates()
    parts = []
    for task, metric in pairs.itertuples(index=False, name=None):
        here = predictions[predictions["task"] == task]
        order = np.sort(here["subject"].unique())
        counts = resample_counts(len(order), draws, seed)
        for method, rows in here.groupby("method", sort=False):
            values = [_weighted_score(metric, part, counts) for part in by_repeat(rows, order)]
            parts.append(draw_table(method, task, metric, np.mean(values, axis=0)))
    return pd.concat(parts, ignore_index=True)


def summarise_draws(draws: pd.DataFrame) -> pd.DataFrame:
    """Returns ``method, task, metric, mean, sd, low, high`` of `draws`, as from `readout_draws` or `survival_draws`.

    `mean` is the score of the sample itself; `sd` the bootstrap standard error, which is the standard deviation (N -
    1) of the draws; `low` and `high` the 95 % percentile interval.
    """
    sample = draws[draws["draw"] == SAMPLE].drop(columns="draw").rename(columns={"value": "mean"})
    groups = draws[draws["draw"] > SAMPLE].groupby(KEYS, sort=False)["value"]
    tails = {"low": (1 - LEVEL) / 2, "high": (1 + LEVEL) / 2}
    spread = pd.DataFrame({"sd": groups.std(), **{name: groups.quantile(part) for name, part in tails.items()}})
    return sample.merge(spread.reset_index(), on=KEYS, how="left", validate="one_to_one").reset_index(drop=True)


def by_repeat(rows: pd.DataFrame, order: np.ndarray) -> Iterator[pd.DataFrame]:
    """Yields the predictions `rows` of one method, repeat by repeat, with the subjects in the given `order`.

    Raises
    ------
    ValueError
        The method did not predict all of these subjects.
    """
    for repeat, part in rows.groupby("repeat"):
        if len(part) != len(order):
            method, count = part["method"].iloc[0], len(part)
            raise ValueError(
                f"method {method!r} has {count} predictions in repeat {repeat}, and {len(order)} subjects were tested "
                "by one method or another: compare methods on the same subjects"
            )
        yield part.set_index("subject").loc[order]


def _weighted_score(metric: str, part: pd.DataFrame, counts: np.ndarray) -> np.ndarray:
    true, predicted = part["true"].to_numpy(float), part["predicted"].to_numpy(float)
    if metric not in ("R2", "kappa"):
        hits = [accuracy(a, b, off=metric == "1-off") for a, b in zip(true, predicted, strict=True)]
        return counts @ np.array(hits) / counts.sum(axis=1)
    size = counts.sum(axis=1)
    mean, other_mean = counts @ true / size, counts @ predicted / size
    expected = counts @ true**2 - size * mean**2
    if metric == "kappa":
        # Of two independent readers with these grades: the quadratic weights need no table of grade against grade.
        expected += counts @ predicted**2 - size * other_mean**2 + size * (mean - other_mean) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 1e-12, 1 - counts @ (true - predicted) ** 2 / expected, np.nan)
