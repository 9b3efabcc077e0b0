"""Time-dependent concordance: how often, of two subjects, the one at higher predicted risk dies first.

Definition (Uno et al. 2011). For a horizon tau,

    C(tau) = P( risk_i > risk_j | T_i < T_j, T_i < tau ),

where T is the time of death; equal risks count one half. Censored subjects hide some of the pairs. A pair (i, j) is
*comparable* when i is seen to die before tau and j is known to live longer; it is weighted by 1 / G(T_i)^2, G the
probability of not yet being censored (Kaplan-Meier estimate among the *training* subjects), which makes up for the
pairs that censoring hid. The estimator is scikit-survival's `concordance_index_ipcw`. 0.5 is chance, 1 perfect, 0
upside down.
"""

from __future__ import annotations

import numpy as np
from sksurv.exceptions import NoComparablePairException
from sksurv.metrics import concordance_index_ipcw
from sksurv.nonparametric import CensoringDistributionEstimator
from sksurv.util import Surv

QUANTILES = {"25th": 0.25, "50th": 0.50, "75th": 0.75}
MAIN_HORIZON = "50th"
"""The horizon of predicted survival probabilities, and of calibration."""
MIN_BETWEEN = 5
"""Deaths between two horizons below which they are one: a choice, so that each horizon scores deaths of its own."""
TIED = 1e-8
"""Log risks closer than this are equal, as in scikit-survival."""


def percentiles(days: np.ndarray, died: np.ndarray) -> dict[str, float]:
    """Returns the ``25th, 50th, 75th`` percentile of the censoring time, the horizons of the paper's Table 3, in days.

    Taken over the *censored* subjects of the whole cohort (`days`, `died`: [N]), so that every fold estimates the same
    quantity. No model sees them.

    Raises
    ------
    ValueError
        Everybody died: there is no censoring time.
    """
    censored = np.asarray(days)[~np.asarray(died).astype(bool)]
    if not len(censored):
        raise ValueError("every subject died, so there is no censoring time; give the horizons in days yourself")
    return {name: float(np.quantile(censored, share)) for name, share in QUANTILES.items()}


def horizons(days: np.ndarray, died: np.ndarray, least: int = MIN_BETWEEN) -> dict[str, float]:
    """Returns those of the `percentiles` that have at least so many deaths between them, in days, the earliest first.

    Two horizons with hardly a death between them score the same deaths: their concordances are one number under two
    names. The `MAIN_HORIZON` stays, and swallows neighbours that are fewer than `least` deaths away.

    Raises
    ------
    ValueError
        Everybody died.
    """
    taus, days, died = percentiles(days, died), np.asarray(days), np.asarray(died).astype(bool)
    main = taus[MAIN_HORIZON]
    return {
        name: tau
        for name, tau in taus.items()
        if name == MAIN_HORIZON or np.sum(died & (days >= min(tau, main)) & (days < max(tau, main))) >= least
    }


def reachable(tau: float, train_days: np.ndarray, train_died: np.ndarray) -> float:
    """Returns the largest horizon up to `tau` at which the weights exist, in days.

    Past the last day of the training subjects (`train_days`, `train_died`: [N]), or once all of them are censored (G =
    0), the weight 1 / G^2 is unknown and scikit-survival refuses. The rule here: the horizon is lowered to the last day
    of training follow-up with G > 0, and the lowered value is reported with the score.
    """
    censoring = CensoringDistributionEstimator().fit(_outcome(train_days, train_died))
    known = censoring.unique_time_[censoring.prob_ > 0]
    return float(min(tau, known.max()))


def concordance(
    log_risk: np.ndarray, test: tuple[np.ndarray, np.ndarray], train: tuple[np.ndarray, np.ndarray], tau: float
) -> float:
    """Returns C(tau) of the tested subjects, 0 to 1.

    NaN where no pair is comparable, as in a fold in which nobody dies before tau.

    Parameters
    ----------
    log_risk : array [N]
        Predicted for the tested subjects; the higher, the sooner death is expected.
    test, train : (array [N] days, array [N] died)
        Outcomes of the tested subjects, and of the training subjects, which give G.
    tau : float
        Days; must be `reachable`.

    Raises
    ------
    ValueError
        A risk is missing, or tau lies beyond what the training subjects tell.
    """
    if not _deaths_before(test, tau).size:
        return float("nan")
    try:
        return float(concordance_index_ipcw(_outcome(*train), _outcome(*test), log_risk, tau, TIED)[0])
    except NoComparablePairException:
        return float("nan")


def pair_weights(
    test: tuple[np.ndarray, np.ndarray], train: tuple[np.ndarray, np.ndarray], tau: float
) -> tuple[np.ndarray, np.ndarray]:
    """Returns who is compared with whom, and how much it counts: the denominator of `concordance`, pair by pair.

    `test, train, tau` are as in `concordance`.

    Returns
    -------
    int array [D]
        The tested subjects i that are seen to die before tau.
    float array [D, N]
        1 / G(T_i)^2 where j is known to outlive i, else 0.
    """
    days, died = np.asarray(test[0], dtype=float), np.asarray(test[1]).astype(bool)
    deaths = _deaths_before(test, tau)
    if not len(deaths):
        return deaths, np.zeros((0, len(days)))
    censoring = CensoringDistributionEstimator().fit(_outcome(*train))
    weight = censoring.predict_ipcw(_outcome(days[deaths], died[deaths])) ** 2
    first = days[deaths][:, None]
    # Censored on the day on which i dies: j was still alive then.
    outlives = (days > first) | ((days == first) & ~died)
    return deaths, weight[:, None] * outlives


def won(log_risk: np.ndarray, deaths: np.ndarray) -> np.ndarray:
    """Returns which pairs the prediction gets right, [D, N]: 1 where risk_i > risk_j, one half where they are equal.

    `log_risk` is of the tested subjects [N], `deaths` from `pair_weights` [D].
    """
    lead = log_risk[deaths][:, None] - log_risk
    return np.where(np.abs(lead) <= TIED, 0.5, lead > 0)


def _deaths_before(outcome: tuple[np.ndarray, np.ndarray], tau: float) -> np.ndarray:
    return np.flatnonzero(np.asarray(outcome[1]).astype(bool) & (np.asarray(outcome[0]) < tau))


def _outcome(days: np.ndarray, died: np.ndarray) -> np.ndarray:
    return Surv.from_arrays(np.asarray(died).astype(bool), np.asarray(days, dtype=float))
