"""Models fitted on all subjects of one cohort, and what they predict of another's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from drasclr_core.evaluate.readout.linear import chance_model, linear_model
from drasclr_core.evaluate.readout.readout import aligned
from drasclr_core.evaluate.scores import METRICS
from drasclr_core.evaluate.statistics.resampling import draw_table, numbered, readout_draws, resample_counts
from drasclr_core.evaluate.survival.concordance import MAIN_HORIZON, horizons, pair_weights, reachable, won
from drasclr_core.evaluate.survival.covariates import REFERENCE, SurvivalData
from drasclr_core.evaluate.survival.cox import fit_cox
from drasclr_core.evaluate.survival.cross_validation import TASK
from drasclr_core.evaluate.tasks import Task

CHANCE = "chance"


def external_readouts(fitted: dict[str, pd.DataFrame], fitted_on: pd.DataFrame, tested: dict[str, pd.DataFrame],
                      tested_on: pd.DataFrame, tasks: Sequence[Task], seed: int = 0) -> pd.DataFrame:  # fmt: skip
    """Fits a linear readout of every method and task on one cohort, and predicts the other's subjects.

    Scaling and penalty are chosen within the first cohort (see `linear_model`). `chance` predicts its mean or its most
    frequent grade.

    Parameters
    ----------
    fitted, tested : dict of str to DataFrame
        Method -> its features in either cohort, ``sid`` and the same columns in both.
    fitted_on, tested_on : DataFrame
        The subject tables.
    tasks : sequence of Task
        With labels in both.
    seed : int
        Of the inner folds that choose the penalty.

    Returns
    -------
    DataFrame
        ``method, task, repeat, sid, true, predicted`` of the tested subjects. Those of either cohort that lack the
        features of a method are left out of all (see `with_features`).

    Raises
    ------
    ValueError
        A method has other features in one cohort than in the other.
    """
    fitted_on, tested_on = with_features(fitted_on, fitted), with_features(tested_on, tested)
    rows = [(CHANCE, next(iter(fitted)), chance_model), *((name, name, linear_model) for name in fitted)]
    parts = []
    for method, features, model in rows:
        if list(fitted[features]) != list(tested[features]):
            raise ValueError(f"method {features!r} has other features in the two cohorts: one encoder, or one "
                             "measurement, must have made both.")  # fmt: skip
        for task in tasks:
            labels, inputs = aligned(fitted[features], fitted_on, task, features)
            truth, ours = aligned(tested[features], tested_on, task, features)
            rng = np.random.default_rng([seed, len(labels)])
            predicted = model(task, labels.to_numpy(), rng).fit(inputs, labels.to_numpy()).predict(ours)
            known = {"sid": truth.index, "true": truth.to_numpy(), "predicted": predicted}
            parts.append(pd.DataFrame({"method": method, "task": task.name, "repeat": 0, **known}))
    return pd.concat(parts, ignore_index=True)


def with_features(subjects: pd.DataFrame, features: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Returns the rows of `subjects` who have the `features` of every method (each a table with ``sid``)."""
    return subjects[subjects["sid"].isin(set.intersection(*(set(table["sid"]) for table in features.values())))]


def external_readout_draws(predictions: pd.DataFrame, tasks: Sequence[Task], draws: int, seed: int) -> pd.DataFrame:
    """Returns bootstrap scores of the `tasks` in the form of `readout_draws`.

    The `predictions` are from `external_readouts`; tested subjects are drawn `draws` times with `seed`.
    """
    metrics = [(task.name, metric) for task in tasks for metric in task.metrics if metric in METRICS]
    return readout_draws(numbered(predictions), pd.DataFrame(metrics, columns=["task", "metric"]), draws, seed)


def external_survival_draws(data: SurvivalData, fitted: np.ndarray, draws: int, seed: int) -> pd.DataFrame:
    """Returns bootstrap concordance of Cox models that were fitted on one cohort, among the subjects of another.

    Every row has the confounders and its own block. The horizon is the median time of censoring of *tested* subjects
    (see `horizons`), the censoring weights are from the subjects that were fitted.

    Parameters
    ----------
    data : SurvivalData
        Of both cohorts together, so that a confounder's categories are the same in both.
    fitted : bool array [N]
        Who of them is fitted; the others are tested.
    draws, seed : int
        How often tested subjects are drawn.

    Returns
    -------
    DataFrame
        ``method, task, metric, draw, value`` (see `readout_draws`).
    """
    days, died = (data.outcomes[name].to_numpy() for name in ("days", "died"))
    past, ours = ((days[who], died[who]) for who in (fitted, ~fitted))
    tau = reachable(horizons(*ours)[MAIN_HORIZON], *past)
    deaths, weights = pair_weights(ours, past, tau)
    counts = resample_counts(int((~fitted).sum()), draws, seed).astype(float)
    pairs = np.einsum("bd,bd->b", counts[:, deaths], counts @ weights.T)
    parts = []
    for row in data.rows:
        columns = [data.blocks[name].to_numpy() for name in dict.fromkeys([REFERENCE, *row.split("+")])]
        cox = fit_cox([part[fitted] for part in columns], *past, np.random.default_rng([seed, len(columns)]))
        right = weights * won(cox.log_risk([part[~fitted] for part in columns]), deaths)
        with np.errstate(invalid="ignore"):
            value = np.einsum("bd,bd->b", counts[:, deaths], counts @ right.T) / pairs
        parts.append(draw_table(row, TASK, f"concordance at {MAIN_HORIZON}", value))
    return pd.concat(parts, ignore_index=True)
