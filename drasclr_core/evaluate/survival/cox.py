"""The Cox proportional hazards model (Cox 1972) with a ridge penalty, fitted to the training subjects of one fold.

The hazard of subject i is h0(t) exp(beta . x_i). Columns come in blocks: the confounders, spirometry, the 128 features
of an encoder. Scaling, principal components, the strength of the penalty and beta come from the subjects given to
`fit_cox`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, KaplanMeierFitter
from sksurv.linear_model import CoxnetSurvivalAnalysis
from sksurv.util import Surv

from drasclr_core.evaluate.folds import splits, stratified_folds

PENALTIES = np.logspace(1, -3, 9)
INNER_FOLDS = 5
CONSTANT = 1e-9
"""A column whose standard deviation is below this part of its largest value carries nothing."""
NEARLY_RIDGE = 1e-6  # scikit-survival's path wants some lasso


@dataclass(frozen=True)
class Block:
    """How one block of columns becomes covariates of unit variance: ``(x - mean) / sd @ turn``.

    Attributes
    ----------
    mean, sd : array [D]
        Of the training subjects; the sd of a constant column is infinite, so that it is always 0.
    turn : array [D, K]
        Whitened principal axes, or the unit matrix without the constant columns.
    factor : array [K]
        How much of the penalty each covariate gets.
    """

    mean: np.ndarray
    sd: np.ndarray
    turn: np.ndarray
    factor: np.ndarray

    def __call__(self, columns: np.ndarray) -> np.ndarray:
        return (columns - self.mean) / self.sd @ self.turn


@dataclass(frozen=True)
class Cox:
    """A fitted model: `log_risk` for new subjects, relative to the average training subject, and survival.

    Attributes
    ----------
    blocks : list of Block
    penalty : float
        The chosen strength (lifelines' `penalizer` of a covariate with factor 1).
    fitter : CoxPHFitter or None
        None where every column is constant: the risk of all subjects is then the same.
    without : KaplanMeierFitter or None
        Survival of the training subjects without covariates, for that case.
    """

    blocks: list[Block]
    penalty: float
    fitter: CoxPHFitter | None
    without: KaplanMeierFitter | None = None

    def log_risk(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        """Returns the log hazard ratio [N] from the blocks' `columns`, arrays [N, D]."""
        if self.fitter is None:
            return np.zeros(len(columns[0]))
        return self._covariates(columns).to_numpy() @ self.fitter.params_.to_numpy()

    def survival(self, columns: Sequence[np.ndarray], day: float) -> np.ndarray:
        """Returns the probability [N] of being alive on `day` (beyond the last training day: as on that day)."""
        if self.fitter is None:
            return np.full(len(columns[0]), self.without.predict(day))
        return self.fitter.predict_survival_function(self._covariates(columns), times=[day]).to_numpy()[0]

    def _covariates(self, columns: Sequence[np.ndarray]) -> pd.DataFrame:
        return _frame(np.hstack([block(part) for block, part in zip(self.blocks, columns, strict=True)]))


def fit_cox(columns: Sequence[np.ndarray], days: np.ndarray, died: np.ndarray, rng: np.random.Generator) -> Cox:
    """Fits by partial likelihood (Efron's treatment of ties) with an L2 penalty chosen among the given subjects.

    **Penalty.** Covariates have unit variance. A covariate of a block of D columns has the penalty factor D, so that
    every block, be it one index or 128 features, has the same prior variance of its contribution to the log hazard, and
    adding features does not push the confounders out. The common strength is the one of `PENALTIES` with the highest
    cross-validated partial likelihood (Verweij and van Houwelingen 1993) over `INNER_FOLDS` folds of these subjects.

    **More columns than deaths.** The block is replaced by as many of its leading principal components as there are
    deaths. A component of variance v has the factor D / v: among the components kept this is the ridge penalty on the
    features themselves.

    Parameters
    ----------
    columns : sequence of array [N, D]
        One array per block, finite.
    days : array [N]
        Follow-up, above 0.
    died : array [N]
        1 where follow-up ended with death, 0 where it was censored.
    rng : numpy.random.Generator
        Draws the inner folds.

    Raises
    ------
    ValueError
        Nobody died, so that nothing can be estimated.
    """
    died = np.asarray(died).astype(bool)
    deaths = int(died.sum())
    if not deaths:
        raise ValueError(f"none of the {len(died)} training subjects died: no hazard can be estimated")
    blocks = [_prepare(np.asarray(part, dtype=float), deaths) for part in columns]
    covariates = np.hstack([block(part) for block, part in zip(blocks, columns, strict=True)])
    factors = np.concatenate([block.factor for block in blocks])
    if not covariates.shape[1]:
        return Cox(blocks, float("nan"), None, KaplanMeierFitter().fit(days, died))
    penalty = choose_penalty(covariates, factors, days, died, rng)
    fitter = CoxPHFitter(penalizer=penalty * factors)
    with warnings.catch_warnings():
        # About columns of low variance among the dead: the penalty is there for that.
        warnings.simplefilter("ignore")
        fitter.fit(_frame(covariates).assign(days=days, died=died), "days", "died")
    return Cox(blocks, penalty, fitter)


def choose_penalty(
    covariates: np.ndarray, factors: np.ndarray, days: np.ndarray, died: np.ndarray, rng: np.random.Generator
) -> float:
    """Returns the strength of `PENALTIES` with the highest cross-validated partial likelihood.

    For each inner fold k the model is fitted without it, and scored by l(all) - l(all without k): what the left-out
    subjects add to the log partial likelihood. Where only one subject died, the strongest is taken. `covariates` [N, K]
    have unit variance, `factors` [K] say how much of the penalty each gets; `days, died, rng` are as in `fit_cox`.
    """
    folds = min(INNER_FOLDS, int(died.sum()))
    if folds < 2:
        return float(PENALTIES[0])
    gained = np.zeros(len(PENALTIES))
    for train, _ in splits(stratified_folds(died.astype(int), folds, rng, classes=True)):
        risks = covariates @ _path(covariates[train], factors, days[train], died[train])
        gained += partial_log_likelihood(risks, days, died)
        gained -= partial_log_likelihood(risks[train], days[train], died[train])
    return float(PENALTIES[np.argmax(gained)])


def partial_log_likelihood(log_risks: np.ndarray, days: np.ndarray, died: np.ndarray) -> np.ndarray:
    """Returns Cox's log partial likelihood [K] of `log_risks` [N, K] (`days`, `died`: [N]); ties as by Breslow."""
    order = np.argsort(-days, kind="stable")
    log_risks, days, died = log_risks[order], days[order], died[order]
    at_risk = np.logaddexp.accumulate(log_risks)[np.searchsorted(-days, -days, side="right") - 1]
    return (log_risks - at_risk)[died].sum(axis=0)


def _path(covariates: np.ndarray, factors: np.ndarray, days: np.ndarray, died: np.ndarray) -> np.ndarray:
    """Coefficients [covariates, penalties] by coordinate descent, which is much faster than Newton's method."""
    # The library scales the factors to a mean of 1, and the strengths must make up for it.
    path = CoxnetSurvivalAnalysis(
        alphas=PENALTIES * factors.mean(), l1_ratio=NEARLY_RIDGE, penalty_factor=factors, max_iter=100_000
    )
    coefficients = path.fit(covariates, Surv.from_arrays(died, days)).coef_
    # It stops where a weaker penalty no longer changes the fit; the rest is the same as the last.
    return np.pad(coefficients, ((0, 0), (0, len(PENALTIES) - coefficients.shape[1])), mode="edge")


def _prepare(columns: np.ndarray, deaths: int) -> Block:
    mean, sd = columns.mean(axis=0), columns.std(axis=0)
    varies = sd > CONSTANT * np.maximum(np.abs(columns).max(axis=0), CONSTANT)
    sd = np.where(varies, sd, np.inf)
    count = int(varies.sum())
    if count <= deaths:
        return Block(mean, sd, np.eye(len(sd))[:, varies], np.full(count, float(count)))
    _, values, axes = np.linalg.svd((columns - mean) / sd, full_matrices=False)
    variances = values[:deaths] ** 2 / len(columns)
    used = variances > CONSTANT * variances[0]
    variances = variances[used]
    return Block(mean, sd, axes[:deaths][used].T / np.sqrt(variances), count / variances)


def _frame(covariates: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(covariates, columns=[f"x{number}" for number in range(covariates.shape[1])])
