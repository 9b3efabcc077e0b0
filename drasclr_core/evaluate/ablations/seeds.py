"""Trainings that differ by their seed only, put together: one row for what was trained, whichever seeds it has.

What a pretraining gives depends on its seed. A bootstrap over subjects alone takes each encoder as it is; here every
draw also draws, for each variant, as many of its trainings as there are, so that an interval holds both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from drasclr_core.evaluate.scores import KEYS
from drasclr_core.evaluate.statistics.resampling import SAMPLE
from drasclr_core.methods.registry import without_seed
from drasclr_core.run import Run


def trainings_of(run: Run, variants: Sequence[str]) -> dict[str, list[str]]:
    """Returns the folders of features in a `run` of each variant: its own, then those of its other seeds, in order.

    Of `variants` those without any are left out.
    """
    there = {path.parent.name for path in run.features("").glob("*/image.*")}
    found = {name: sorted((other for other in there if without_seed(other) == name), key=_number) for name in variants}
    return {name: trainings for name, trainings in found.items() if trainings}


def pool_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Returns fold `scores` (`Readout.scores`) of variants: the mean over the trainings of each, fold by fold."""
    named = scores.assign(method=scores["method"].map(without_seed))
    values = {name: "mean" if name == "value" else "first" for name in named if name not in [*KEYS, "repeat", "fold"]}
    return named.groupby([*KEYS, "repeat", "fold"], sort=False, as_index=False).agg(values)[list(scores)]


def pool_draws(draws: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Returns bootstrap scores of variants, ``method, task, metric, draw, value``.

    The sample itself (draw `SAMPLE`) is the mean over the trainings of a variant. Every other draw is the mean over as
    many trainings, drawn with replacement: independently for each variant, the same ones for all tasks of a draw. Its
    distance from the mean of all n is stretched by sqrt(n / (n - 1)), without which draws would vary as if the variance
    over trainings were (n - 1) / n of what it is. Three are few all the same: simulated, a 95 % interval covers 94 %
    where seeds vary as much as subjects do, 91 % where twice as much, and 80 % where nothing but the seed varies.

    Parameters
    ----------
    draws : DataFrame
        From `readout_draws`, of every training.
    seed : int
    """
    parts = []
    for number, (variant, own) in enumerate(draws.groupby(draws["method"].map(without_seed), sort=False)):
        wide = own.pivot(index=["task", "metric", "draw"], columns="method", values="value")
        labels = np.unique(wide.index.get_level_values("draw"))
        count, random = wide.shape[1], np.random.default_rng([seed, number])
        chosen = random.integers(count, size=(len(labels), count))
        chosen[labels == SAMPLE] = np.arange(count)
        rows = chosen[np.searchsorted(labels, wide.index.get_level_values("draw"))]
        values = _stretched(wide.to_numpy(), rows)
        parts.append(wide.index.to_frame(index=False).assign(method=variant, value=values))
    return pd.concat(parts, ignore_index=True)[[*KEYS, "draw", "value"]]


def _stretched(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Means [D] over the trainings `rows` [D, n] of `values` [D, n], with the spread of a mean of n unknown ones."""
    count, centre = values.shape[1], values.mean(axis=1)
    apart = np.take_along_axis(values, rows, axis=1).mean(axis=1) - centre
    return centre + apart * (np.sqrt(count / (count - 1)) if count > 1 else 1.0)


def seed_scores(draws: pd.DataFrame) -> pd.DataFrame:
    """Returns from `draws` what each training scores: ``method, training, task, metric, value``.

    All held-out subjects are scored together.
    """
    own = draws[draws["draw"] == SAMPLE].rename(columns={"method": "training"})
    own = own.assign(method=own["training"].map(without_seed))
    return own[["method", "training", "task", "metric", "value"]].reset_index(drop=True)


def _number(name: str) -> int:
    return int(name.removeprefix(without_seed(name)).removeprefix("_seed") or -1)
