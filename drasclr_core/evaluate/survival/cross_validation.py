"""Survival from frozen features, cross-validated by subject (paper, section 4.2.2 and Table 3).

Every row of the table is a Cox model with the same five confounders and, on top, what the row is named after.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
import pandas as pd

from drasclr_core.evaluate.features import FoldFeatures, features_of
from drasclr_core.evaluate.folds import splits, stratified_folds
from drasclr_core.evaluate.readout.cross_validation import Readout
from drasclr_core.evaluate.statistics.resampling import by_repeat, draw_table, resample_counts
from drasclr_core.evaluate.survival.concordance import (
    MAIN_HORIZON,
    concordance,
    horizons,
    pair_weights,
    reachable,
    won,
)
from drasclr_core.evaluate.survival.covariates import REFERENCE, SurvivalData, survival_obstacle
from drasclr_core.evaluate.survival.cox import fit_cox
from drasclr_core.progress import for_each

TASK = "Survival"


def compare_survival(
    data: SurvivalData,
    folds: int = 5,
    repeats: int = 5,
    seed: int = 0,
    workers: int = 1,
    trained: Mapping[str, FoldFeatures] = MappingProxyType({}),
) -> Readout:
    """Cross-validates every row over the same folds of the same subjects.

    Parameters
    ----------
    data : SurvivalData
    folds, repeats, seed : int
        Number of folds, and of runs. Each run draws new folds, with the deaths spread evenly over them. The same seed
        and subjects give the same folds, whatever the features.
    workers : int
        Processes (see `progress.for_each`).
    trained : mapping of str to callable
        Blocks whose columns each fold trains on its own training subjects.

    Returns
    -------
    Readout
        ``scores`` per method, horizon (see `horizons`), repeat and fold: ``method, task, metric, repeat, fold, value,
        n_train, n_test, deaths_train, deaths_test, tau_days, alpha``. `value` is C(tau), NaN where the fold has no
        comparable pair; `deaths_test` counts those before tau; `tau_days` is the horizon used (see `reachable`);
        `alpha` the chosen penalty. ``predictions`` per method, repeat and subject, predicted when it was in the test
        fold: ``method, task, repeat, fold, sid, days, died, log_risk, survival`` (the probability of being alive at the
        50th percentile).

    Raises
    ------
    ValueError
        `survival_obstacle` finds the outcomes unusable.
    """
    table = data.outcomes
    reason = survival_obstacle(table, folds)
    if reason:
        raise ValueError(f"survival cannot be evaluated: {reason}")
    blocks = {name: block.to_numpy() for name, block in data.blocks.items()} | dict(trained)
    one = partial(_one_run, blocks, table, horizons(table["days"], table["died"]), folds, seed)
    jobs = [(row, repeat) for row in data.rows for repeat in range(repeats)]
    parts = for_each(one, jobs, "survival models", workers)
    return Readout(*(pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True)))


def survival_draws(predictions: pd.DataFrame, draws: int = 200, seed: int = 0) -> pd.DataFrame:
    """Returns bootstrap time-dependent concordance: mean over runs of C(tau) over all pairs *within* tested folds.

    Two subjects of different folds were predicted by different models and are not compared. A fold counts by the weight
    of its comparable pairs, so that folds with few deaths, or none, need no rule of their own. The `predictions`
    (``method, task, repeat, fold, subject, days, died, log_risk``) are `numbered`; `draws`, `seed` and the result are
    those of `readout_draws`. A draw without any comparable pair is NaN.
    """
    order = np.sort(predictions["subject"].unique())
    counts = resample_counts(len(order), draws, seed)
    parts = []
    for (method, task), rows in predictions.groupby(["method", "task"], sort=False):
        taus = horizons(*rows.drop_duplicates("subject")[["days", "died"]].to_numpy().T)
        repeats = list(by_repeat(rows, order))
        for name, tau in taus.items():
            values = [_pooled_concordance(part, tau, counts) for part in repeats]
            parts.append(draw_table(method, task, f"concordance at {name}", np.mean(values, axis=0)))
    return pd.concat(parts, ignore_index=True)


def added_risk(predictions: pd.DataFrame, method: str) -> pd.Series:
    """Returns what the row `method` adds to the confounders: its log risk less theirs, mean over runs, by ``sid``.

    Every value was predicted (`predictions` are those of `compare_survival`) by models without the subject.
    """
    mean = predictions.groupby(["method", "sid"])["log_risk"].mean()
    return mean[method] - mean[REFERENCE]


def _one_run(
    blocks: dict[str, np.ndarray | FoldFeatures],
    table: pd.DataFrame,
    taus: dict[str, float],
    folds: int,
    seed: int,
    job: tuple[str, int],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    row, repeat = job
    used = {name: blocks[name] for name in [REFERENCE, *row.split("+")]}
    days, died = table["days"].to_numpy(), table["died"].to_numpy()
    rng = np.random.default_rng([seed, repeat])
    fold_of = stratified_folds(died.astype(int), folds, rng, classes=True)
    scores, predictions = [], []
    for fold, (train, test) in enumerate(splits(fold_of)):
        columns = [
            features_of(part(table.index[train]), table.index, name) if callable(part) else part
            for name, part in used.items()
        ]
        cox = fit_cox([part[train] for part in columns], days[train], died[train], rng)
        log_risk = cox.log_risk([part[test] for part in columns])
        alive = cox.survival([part[test] for part in columns], taus[MAIN_HORIZON])
        where = {"method": row, "task": TASK, "repeat": repeat, "fold": fold}
        past, ours = (days[train], died[train]), (days[test], died[test])
        for name, tau in taus.items():
            tau = reachable(tau, *past)
            sizes = {"n_train": len(train), "n_test": len(test), "deaths_train": int(died[train].sum())}
            sizes |= {"deaths_test": int(np.sum(ours[1] & (ours[0] < tau))), "tau_days": tau, "alpha": cox.penalty}
            value = concordance(log_risk, ours, past, tau)
            scores.append({**where, "metric": f"concordance at {name}", "value": value, **sizes})
        known = {"sid": table.index[test], "days": ours[0], "died": ours[1]}
        predictions.append(pd.DataFrame({**where, **known, "log_risk": log_risk, "survival": alive}))
    return pd.DataFrame(scores), pd.concat(predictions, ignore_index=True)


def _pooled_concordance(part: pd.DataFrame, tau: float, counts: np.ndarray) -> np.ndarray:
    days, died, risk = (part[name].to_numpy() for name in ("days", "died", "log_risk"))
    died = died.astype(bool)
    right, all_pairs = np.zeros(len(counts)), np.zeros(len(counts))
    for train, test in splits(part["fold"].to_numpy()):
        past, ours = (days[train], died[train]), (days[test], died[test])
        deaths, weights = pair_weights(ours, past, reachable(tau, *past))
        here = counts[:, test].astype(float)
        all_pairs += np.einsum("bd,bd->b", here[:, deaths], here @ weights.T)
        right += np.einsum("bd,bd->b", here[:, deaths], here @ (weights * won(risk[test], deaths)).T)
    with np.errstate(invalid="ignore"):
        return right / all_pairs
