"""Jonckheere-Terpstra by hand, against Kendall's test and permutations; intervals of correlations keep their level."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from drasclr_core.evaluate.statistics.trend import FEW, jonckheere_terpstra, partial_spearman, spearman


def test_by_hand():
    """Three groups of two: 10 of 12 pairs rise, one is tied. Mean 6; variance (6 5 17 - 3 2 1 9) / 72 without ties."""
    trend = jonckheere_terpstra([1, 3, 2, 4, 5, 6], [0, 0, 1, 1, 2, 2])
    assert trend.statistic == 11  # only 3 against 2 falls
    assert trend.z == pytest.approx(5 / np.sqrt((6 * 5 * 17 - 3 * 2 * 1 * 9) / 72))
    assert jonckheere_terpstra([1, 3, 3, 4, 5, 6], [0, 0, 1, 1, 2, 2]).statistic == 11.5


def test_p_of_few_is_that_of_all_orders():
    values, groups = np.array([1.0, 3, 2, 4, 4, 6]), np.array([0, 0, 1, 1, 2, 2])
    trend = jonckheere_terpstra(values, groups)
    counted = [jonckheere_terpstra(order, groups, resamples=1).statistic for order in permutations(values)]
    assert trend.p == pytest.approx(np.mean(np.array(counted) >= trend.statistic))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), min_size=FEW, max_size=60))
def test_of_many_it_is_kendalls_test(pairs):
    """The same test by another way: S of Kendall's tau is 2 J minus the number of pairs."""
    groups, values = np.array(pairs).T
    trend = jonckheere_terpstra(values, groups)
    if np.ptp(groups) == 0 or np.ptp(values) == 0:
        assert np.isnan(trend).all()
        return
    kendall = stats.kendalltau(groups, values, method="asymptotic", alternative="greater")
    assert trend.p == pytest.approx(kendall.pvalue, rel=1e-6, abs=1e-12)


def test_normal_and_permutation_agree_where_they_meet():
    rng = np.random.default_rng(0)
    groups = np.repeat([0, 1, 2, 4], 10)
    values = np.round(rng.normal(0.25 * groups), 1)
    few = jonckheere_terpstra(values[1:], groups[1:])
    assert few.p == pytest.approx(stats.norm.sf(few.z), abs=0.01)
    assert jonckheere_terpstra(values[1:], groups[1:]) == few  # seeded


def test_falling_values_and_what_cannot_be_tested():
    assert jonckheere_terpstra([6, 5, 4, 3, 2, 1], [0, 0, 1, 1, 2, 2]).p == 1
    assert np.isnan(jonckheere_terpstra([1, 2, 3], [1, 1, 1])).all()
    assert np.isnan(jonckheere_terpstra([2, 2, 2], [0, 1, 2])).all()
    assert np.isnan(jonckheere_terpstra([], [])).all()
    with pytest.raises(ValueError, match="one group for each"):
        jonckheere_terpstra([1, 2, 3], [0, 1])
    with pytest.raises(ValueError, match="leave out subjects"):
        jonckheere_terpstra([1, np.nan, 3], [0, 1, 2])


def test_level_with_tied_values_and_uneven_groups():
    """Many healthy subjects share a value of zero, as on the page: still one alarm in twenty."""
    rng = np.random.default_rng(1)
    groups = np.repeat([0, 1, 2, 3, 4], [30, 3, 13, 8, 4])
    alarms = [jonckheere_terpstra(np.maximum(rng.normal(size=58), 0.3), groups).p < 0.05 for _ in range(2000)]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.015)


def test_spearman_and_its_interval():
    rng = np.random.default_rng(2)
    x = rng.normal(size=30)
    y = x + rng.normal(size=30)
    r, low, high = spearman(x, y)
    assert r == pytest.approx(stats.spearmanr(x, y).statistic)
    assert low < r < high
    assert spearman(x, -y) == pytest.approx((-r, -high, -low))
    perfect = spearman(np.arange(5), np.arange(5))
    assert perfect[0] == pytest.approx(1) and 0.99 < perfect[1] <= perfect[2] <= 1
    assert np.isnan(spearman([1, 2, 3], [1, 1, 1])).all()
    assert spearman([1, 2, 3], [1, 2, 3])[0] == pytest.approx(1) and np.isnan(spearman([1, 2, 3], [1, 2, 3])[1])
    with pytest.raises(ValueError, match="none may be NaN"):
        spearman([1, np.nan], [1, 2])


def test_spearmans_interval_covers_the_truth():
    """Ordered stages against a measure: the interval of 60 subjects holds the correlation of very many."""
    rng = np.random.default_rng(3)

    def draw(count):
        cause = rng.normal(size=count)
        return np.digitize(cause, [0, 0.3, 0.9, 1.5]), cause + rng.normal(size=count)

    truth = stats.spearmanr(*draw(100_000)).statistic
    intervals = [spearman(*draw(60))[1:] for _ in range(500)]
    assert np.mean([low <= truth <= high for low, high in intervals]) == pytest.approx(0.95, abs=0.03)


def test_partial_correlation_is_that_of_residual_ranks():
    rng = np.random.default_rng(4)
    z = rng.normal(size=40)
    x, y = z + rng.normal(size=40), z + rng.normal(size=40)
    ranks = np.array([stats.rankdata(values) for values in (x, y, z)])
    left = [own - np.polyval(np.polyfit(ranks[2], own, 1), ranks[2]) for own in ranks[:2]]
    r, low, high = partial_spearman(x, y, z)
    assert r == pytest.approx(np.corrcoef(left)[0, 1]) and low < r < high
    assert partial_spearman(x, -y, z) == pytest.approx((-r, -high, -low))
    assert np.isnan(partial_spearman(z, y, z)).all() and np.isnan(partial_spearman(x, y, np.ones(40))).all()
    assert np.isnan(partial_spearman(x[:4], y[:4], z[:4])[1])
    with pytest.raises(ValueError, match="none may be NaN"):
        partial_spearman(x, y, np.where(z > 0, np.nan, z))


def test_partial_correlation_keeps_its_level():
    """Two measures of one thing, which is given: the lower end lies above 0 in 2.5 % of studies."""
    rng = np.random.default_rng(5)
    lows = []
    for _ in range(400):
        z = rng.normal(size=60)
        lows.append(partial_spearman(z + rng.normal(size=60), z + rng.normal(size=60), z)[1])
    assert np.mean(np.array(lows) > 0) == pytest.approx(0.025, abs=0.02)
