"""Does a measure rise with an ordered stage? The Jonckheere-Terpstra test, Spearman's correlation, also partial."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

FEW = 40
"""Below this many values p comes from permutations: ties and small groups make the normal approximation poor."""


class Trend(NamedTuple):
    """What `jonckheere_terpstra` returns.

    Attributes
    ----------
    statistic : float
        J: pairs of subjects of different groups in which the one of the higher group has the higher value; ties count
        one half.
    z : float
        J standardised by its mean and deviation without a trend.
    p : float
        One-sided: small where values rise with the groups.
    """

    statistic: float
    z: float
    p: float


def jonckheere_terpstra(values: np.ndarray, groups: np.ndarray, resamples: int = 9999, seed: int = 0) -> Trend:
    """Tests whether `values` [N] rise with the order of their `groups` [N] (Jonckheere 1954, Terpstra 1952).

    Groups are ordered labels, such as GOLD stages. The variance of J holds with ties (Hollander and Wolfe,
    Nonparametric Statistical Methods, section 6.2). From 40 values on, p is that of the normal distribution; below,
    that of permutations of the values by `seed`, all of them where they are no more than `resamples`. All is NaN where
    there are fewer than two groups, or where all values are equal.

    Raises
    ------
    ValueError
        The arrays differ in length, or hold NaN: leave those subjects out first.
    """
    values, groups = np.asarray(values, dtype=float), np.asarray(groups, dtype=float)
    if values.shape != groups.shape or values.ndim != 1:
        raise ValueError(f"{values.shape} values of {groups.shape} groups: give one group for each value")
    if np.isnan(values).any() or np.isnan(groups).any():
        raise ValueError("values or groups hold NaN: leave out subjects without a value or without a stage")
    sizes, ties = (np.unique(labels, return_counts=True)[1].astype(float) for labels in (groups, values))
    if len(sizes) < 2 or len(ties) < 2:
        return Trend(float("nan"), float("nan"), float("nan"))
    statistic = float(_rising_pairs(values, groups))
    mean = (len(values) ** 2 - (sizes**2).sum()) / 4
    z = float((statistic - mean) / np.sqrt(_variance(len(values), sizes, ties)))
    if len(values) >= FEW:
        return Trend(statistic, z, float(stats.norm.sf(z)))
    test = stats.permutation_test(
        (values,), lambda x, axis: _rising_pairs(x, groups), permutation_type="pairings", vectorized=True,
        n_resamples=resamples, batch=2000, alternative="greater", rng=np.random.default_rng(seed),
    )  # fmt: skip
    return Trend(statistic, z, float(test.pvalue))


def spearman(x: np.ndarray, y: np.ndarray, level: float = 0.95) -> tuple[float, float, float]:
    """Returns Spearman's rank correlation of `x` and `y` [N], and the ends of its interval at `level`.

    The interval is that of Fisher's z with the variance (1 + r^2 / 2) / (N - 3) of Bonett and Wright (2000). NaN where
    x or y is constant; no interval (NaN) below four subjects.

    Raises
    ------
    ValueError
        The arrays differ in length, or hold NaN.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.shape != y.shape or np.isnan(x).any() or np.isnan(y).any():
        raise ValueError(f"{x.shape} against {y.shape} values, of which none may be NaN: leave those subjects out")
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return (float("nan"),) * 3
    return _with_interval(float(stats.spearmanr(x, y).statistic), len(x), level)


def partial_spearman(
    x: np.ndarray, y: np.ndarray, given: np.ndarray, level: float = 0.95
) -> tuple[float, float, float]:
    """Returns the rank correlation of `x` and `y` [N] that is left when both are cleared of `given` [N], with its ends.

    It is the partial correlation of the ranks; its interval at `level` is that of `spearman` with one subject less for
    what is given (Fisher 1924). NaN where one of the three is constant or `given` orders subjects as x or y does.

    Raises
    ------
    ValueError
        The arrays differ in length, or hold NaN.
    """
    (xy, _, _), (xz, _, _), (yz, _, _) = spearman(x, y), spearman(x, given), spearman(y, given)
    left = (1 - xz**2) * (1 - yz**2)
    if not left > 1e-12:
        return (float("nan"),) * 3
    return _with_interval(float((xy - xz * yz) / np.sqrt(left)), len(np.asarray(x)) - 1, level)


def _with_interval(r: float, subjects: int, level: float) -> tuple[float, float, float]:
    """A rank correlation and the ends of its interval."""
    if subjects < 4:
        return r, float("nan"), float("nan")
    reach = stats.norm.ppf((1 + level) / 2) * np.sqrt((1 + r**2 / 2) / (subjects - 3))
    z = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    return r, float(np.tanh(z - reach)), float(np.tanh(z + reach))


def _rising_pairs(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """J of values [..., N]."""
    later = groups[None, :] > groups[:, None]
    first, second = np.nonzero(later)
    return (0.5 * (1 + np.sign(values[..., second] - values[..., first]))).sum(axis=-1)


def _variance(n: int, sizes: np.ndarray, ties: np.ndarray) -> float:
    """Variance of J without a trend, for groups of these sizes and values that occur so often."""

    def spread(counts):
        return (counts * (counts - 1) * (2 * counts + 5)).sum()

    def pairs(counts):
        return (counts * (counts - 1)).sum()

    def triples(counts):
        return (counts * (counts - 1) * (counts - 2)).sum()

    variance = (n * (n - 1) * (2 * n + 5) - spread(sizes) - spread(ties)) / 72
    variance += pairs(sizes) * pairs(ties) / (8 * n * (n - 1))
    if n > 2:
        variance += triples(sizes) * triples(ties) / (36 * n * (n - 1) * (n - 2))
    return variance
