"""Is one method better than another, or luckier? Tests on the scores of cross-validation folds.

All tests are one-sided: a small p speaks for the first method. `ASSUMPTIONS` says what each takes for granted.
"""

from __future__ import annotations

import warnings

import numpy as np
from scipy import stats

ASSUMPTIONS = {
    "two-sample t-test": "The scores of each method are independent draws from normal distributions of the same "
    "variance. Folds are not: their training sets share subjects, and both methods are tested on the same folds, a tie "
    "that the test throws away.",
    "corrected resampled t-test": "The differences fold by fold are normal, and any two of them are correlated by "
    "about n_test / (n_test + n_train), because their training sets overlap. This correlation cannot be checked.",
    "paired bootstrap": "The tested subjects are independent draws from the population, and there are enough of them. "
    "The models are taken as given: what other training subjects would have changed is left out.",
    "Holm": "None about dependence: the chance of one or more false claims in the whole table stays below the level, "
    "however its comparisons hang together.",
    "Hedges' g": "As the two-sample t-test. Its unit is the spread of folds, which shrinks as folds grow, so that it "
    "says how clearly two methods differ and not how much.",
}


def two_sample_t(first: np.ndarray, second: np.ndarray) -> float:
    """Returns p of Student's two-sample t-test, equal variances, that `first` is not greater; the paper's test.

    `first` and `second` [K] are scores of each method, a fold each; NaN are left out. p is NaN with fewer than two
    scores on a side. Without any spread: 0, 1, or 0.5 where the means are equal.
    """
    first, second = _known(first), _known(second)
    if min(len(first), len(second)) < 2:
        return float("nan")
    if np.ptp(first) == 0 and np.ptp(second) == 0:
        return _without_spread(first[0] - second[0])
    with warnings.catch_warnings():
        # Chance has the same score in every fold up to rounding; the other side's spread is what counts.
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)
        return float(stats.ttest_ind(first, second, equal_var=True, alternative="greater").pvalue)


def two_sample_t_from_summary(
    mean: float, sd: float, other_mean: float, other_sd: float, folds: int = 5, folds_other: int | None = None
) -> float:
    """Returns `two_sample_t` from printed means and deviations (N - 1) over `folds` scores; NaN where one is missing.

    The numbers are `mean, sd` and `other_mean, other_sd`; `folds_other` is as `folds` unless given.
    """
    if not np.isfinite([mean, sd, other_mean, other_sd]).all():
        return float("nan")
    if sd == other_sd == 0:
        return _without_spread(mean - other_mean)
    test = stats.ttest_ind_from_stats(
        mean, sd, folds, other_mean, other_sd, folds_other or folds, alternative="greater"
    )
    return float(test.pvalue)


def rounding_range(
    mean: float, sd: float, other_mean: float, other_sd: float, unit: float, folds: int = 5
) -> tuple[float, float]:
    """Returns the smallest and largest p of `two_sample_t_from_summary` that rounding to `unit` (0.01) leaves open.

    A p below one half falls as the difference grows and as the deviations shrink; above one half it is the reverse.
    `mean, sd, other_mean, other_sd` are as printed, each of `folds` scores.
    """
    half, corners = unit / 2, []
    for sign in (1, -1):
        for change in (half, -half):
            low, other = max(sd + change, 0.0), max(other_sd + change, 0.0)
            corners.append(two_sample_t_from_summary(mean + sign * half, low, other_mean - sign * half, other, folds))
    return min(corners), max(corners)


def corrected_t(first: np.ndarray, second: np.ndarray, test_to_train: float) -> float:
    """Returns p of the corrected resampled t-test (Nadeau and Bengio 2003) that `first` is not greater.

    With differences d_1 ... d_J of all folds of all repeats, mean m and variance s^2 (N - 1)::

        t = m / sqrt((1 / J + n_test / n_train) s^2),   J - 1 degrees of freedom

    The usual paired t-test lacks n_test / n_train: its p falls without limit as folds are repeated, though no subject
    is added. `first` and `second` [J] are scores on the same folds in the same order (folds with a NaN on either side
    are left out), `test_to_train` is n_test / n_train: 1 / 4 with five folds. p is NaN with fewer than two folds.
    Differences without any spread: 0, 1, or 0.5 where there are none.

    Raises
    ------
    ValueError
        The scores are not paired, or the ratio is not positive.
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.shape != second.shape:
        raise ValueError(f"{len(first)} scores against {len(second)}: a paired test needs the same folds")
    if not test_to_train > 0:
        raise ValueError(f"n_test / n_train is {test_to_train}; it must be positive")
    difference = _known(first - second)
    count = len(difference)
    if count < 2:
        return float("nan")
    if np.ptp(difference) <= 1e-12 * np.abs(difference).max():
        return _without_spread(difference[0])
    return float(stats.t.sf(difference.mean() / corrected_error(difference, test_to_train), count - 1))


def corrected_error(values: np.ndarray, test_to_train: float) -> float:
    """Returns the standard error of a mean of scores whose training sets overlap, sqrt((1 / J + n_test / n_train) s^2).

    Parameters
    ----------
    values : float [J]
        A score, or a difference of two, of each fold or split; J of 2 or more.
    test_to_train : float
        n_test / n_train.

    Reference: Nadeau and Bengio, Machine Learning 2003.
    """
    return float(np.sqrt((1 / len(values) + test_to_train) * np.var(values, ddof=1)))


def hedges_g(first: np.ndarray, second: np.ndarray) -> float:
    """Returns the standardised difference of means, corrected for few folds; NaN without spread, or below two scores.

    (mean_1 - mean_2) / s_pooled, times 1 - 3 / (4 df - 1) with df = K_1 + K_2 - 2 (Hedges 1981); `first` and `second`
    [K] are scores of each method, of which NaN are left out.
    """
    first, second = _known(first), _known(second)
    if min(len(first), len(second)) < 2:
        return float("nan")
    freedom = len(first) + len(second) - 2
    pooled = ((len(first) - 1) * first.var(ddof=1) + (len(second) - 1) * second.var(ddof=1)) / freedom
    if pooled <= (1e-12 * np.abs([*first, *second]).max()) ** 2:  # equal but for rounding
        return float("nan")
    return float((first.mean() - second.mean()) / np.sqrt(pooled) * (1 - 3 / (4 * freedom - 1)))


def bootstrap_p(differences: np.ndarray) -> float:
    """Returns (1 + number of bootstrap `differences` [draws] that are 0 or below) / (1 + number of draws).

    NaN draws are left out; NaN without draws.
    """
    differences = _known(differences)
    return float((1 + np.sum(differences <= 0)) / (1 + len(differences))) if len(differences) else float("nan")


def holm(p: np.ndarray) -> np.ndarray:
    """Returns Holm's step-down correction (Holm 1979) of a family of values `p` [K]; NaN stay NaN and do not count.

    ``statsmodels.stats.multitest.multipletests`` gives the same, and collects the whole process's garbage at each call:
    a quarter of a second, where simulated error rates ask thousands of times.
    """
    p = np.asarray(p, dtype=float)
    corrected, order = np.full(p.shape, np.nan), np.argsort(p)[: np.isfinite(p).sum()]
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1.0)
    return corrected


def _known(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    return values[~np.isnan(values)]


def _without_spread(difference: float) -> float:
    return 0.5 if difference == 0 else float(difference < 0)
