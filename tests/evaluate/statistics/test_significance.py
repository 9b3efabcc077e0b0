"""Significance tests by hand, against scipy and statsmodels, and on cases without spread, folds or pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttest_ind

from drasclr_core.evaluate.statistics.significance import (
    bootstrap_p,
    corrected_t,
    hedges_g,
    holm,
    rounding_range,
    two_sample_t,
    two_sample_t_from_summary,
)

FIRST, SECOND = np.array([60.0, 70.0, 80.0]), np.array([62.0, 73.0, 81.0])
P_VALUES = arrays(float, st.integers(1, 12), elements=st.floats(0, 1))


def test_corrected_t_by_hand():
    # Differences 1, 2, 3, 4, 5: mean 3, variance 2.5. With n_test / n_train = 1/4: t = 3 / sqrt((1/5 + 1/4) 2.5).
    first = np.array([11.0, 22.0, 33.0, 44.0, 55.0])
    second = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    t = 3 / np.sqrt(0.45 * 2.5)
    assert t == pytest.approx(2.828427, abs=1e-6)
    assert corrected_t(first, second, 0.25) == pytest.approx(stats.t.sf(t, 4))
    assert corrected_t(first, second, 0.25) == pytest.approx(0.023711, abs=1e-6)
    assert corrected_t(second, first, 0.25) == pytest.approx(1 - 0.023711, abs=1e-6)


def test_without_its_correction_it_is_the_paired_t_test():
    reference = stats.ttest_rel(SECOND, FIRST, alternative="greater").pvalue
    assert corrected_t(SECOND, FIRST, 1e-12) == pytest.approx(reference)
    assert corrected_t(SECOND, FIRST, 0.25) > reference


def test_corrected_t_keeps_its_level_and_the_paired_test_does_not():
    """Differences without a mean that are correlated as the test assumes: 10 x 5 folds, 20000 studies."""
    rng = np.random.default_rng(0)
    studies, folds, ratio = 20_000, 50, 0.25
    correlation = ratio / (1 + ratio)
    shared, own = rng.normal(size=(studies, 1)), rng.normal(size=(studies, folds))
    differences = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own
    zero = np.zeros(folds)
    alarms = np.mean([corrected_t(row, zero, ratio) < 0.05 for row in differences[:4000]])
    naive = np.mean(stats.ttest_1samp(differences, 0, axis=1, alternative="greater").pvalue < 0.05)
    assert alarms == pytest.approx(0.05, abs=0.011)  # three standard errors
    assert naive > 0.3


def test_corrected_t_does_not_reward_repetition():
    rng = np.random.default_rng(1)
    difference, zero = rng.normal(0.5, 1, 10), np.zeros(10)
    once = corrected_t(difference, zero, 0.25)
    often = corrected_t(np.tile(difference, 20), np.tile(zero, 20), 0.25)
    assert often > 0.2 * once
    assert stats.ttest_1samp(np.tile(difference, 20), 0, alternative="greater").pvalue < 1e-6


@pytest.mark.parametrize("test", [two_sample_t, lambda a, b: corrected_t(a, b, 0.25)], ids=["two-sample", "corrected"])
def test_no_spread_too_few_and_missing_folds(test):
    ones = np.ones(5)
    assert test(ones, ones) == 0.5
    assert test(ones, 0 * ones) == 0  # perfect against nothing
    assert test(0 * ones, ones) == 1
    assert np.isnan(test(ones[:1], ones[:1]))
    assert np.isnan(test(np.full(5, np.nan), ones))
    gaps = np.array([1.0, np.nan, 3.0, 2.0])
    kept = [0, 2, 3]
    other = np.array([0.0, 5.0, 1.0, 3.0])
    expected = test(gaps[kept], other[kept]) if test is not two_sample_t else test(gaps[kept], other)
    assert test(gaps, other) == pytest.approx(expected)


def test_two_sample_t_is_scipys_and_statsmodels():
    reference = ttest_ind(SECOND, FIRST, alternative="larger", usevar="pooled")[1]
    assert two_sample_t(SECOND, FIRST) == pytest.approx(reference)
    # By hand: difference 2, variances 100 and 91, t = 2 / sqrt(191/3 / 1) with 4 degrees of freedom.
    t = 2 / np.sqrt((100 + np.var(SECOND, ddof=1)) / 3)
    assert two_sample_t(SECOND, FIRST) == pytest.approx(stats.t.sf(t, 4))


def test_printed_means_give_the_same_p_as_the_scores():
    first, second = np.array([1.0, 2.0, 4.0, 4.0, 6.0]), np.array([0.0, 2.0, 3.0, 3.0, 4.0])
    summary = (first.mean(), first.std(ddof=1), second.mean(), second.std(ddof=1))
    assert two_sample_t_from_summary(*summary) == pytest.approx(two_sample_t(first, second))
    assert np.isnan(two_sample_t_from_summary(0.6, np.nan, 0.5, 0.1))
    assert two_sample_t_from_summary(0.6, 0.0, 0.6, 0.0) == 0.5


@given(st.floats(0, 5), st.floats(0, 5), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_rounding_range_holds_every_p_that_rounding_allows(mean, other, a, b, c):
    low, high = rounding_range(mean, 2.0, other, 1.0, unit=0.1)
    p = two_sample_t_from_summary(mean + 0.1 * a, 2.0 + 0.1 * b, other + 0.1 * c, 1.0 + 0.1 * b)
    assert low - 1e-9 <= p <= high + 1e-9


def test_hedges_g_by_hand():
    # Means 3 and 2, both variances 1, so d = 1; four degrees of freedom give the factor 1 - 3/15.
    assert hedges_g(np.array([2.0, 3, 4]), np.array([1.0, 2, 3])) == pytest.approx(0.8)
    assert np.isnan(hedges_g(np.ones(3), np.zeros(3)))
    assert np.isnan(hedges_g(np.ones(1), np.zeros(3)))


@pytest.mark.filterwarnings("error")
def test_scores_that_differ_by_rounding_only_give_no_warning():
    assert two_sample_t(SECOND, np.full(5, 50.0) + 1e-14 * np.arange(5)) < 0.05


def test_bootstrap_p_by_hand():
    assert bootstrap_p(np.array([0.1, 0.2, -0.1, 0.0, np.nan])) == pytest.approx(3 / 5)
    assert bootstrap_p(np.full(99, 0.1)) == pytest.approx(0.01)
    assert np.isnan(bootstrap_p(np.array([np.nan])))


def test_no_size_of_an_effect_without_spread():
    """Scores that are equal but for rounding have none; a spread however small, if real, has."""
    assert np.isnan(hedges_g(np.array([0.1 + 0.2, 0.3, 0.3]), np.full(3, 0.2)))
    assert np.isfinite(hedges_g(np.array([0.3001, 0.3, 0.3]), np.full(3, 0.2)))


def test_holm_by_hand_and_without_counting_missing_tests():
    corrected = holm(np.array([0.03, np.nan, 0.01, 0.04]))
    np.testing.assert_allclose(corrected, [0.06, np.nan, 0.03, 0.06])
    assert np.isnan(holm(np.array([np.nan]))).all()


@settings(max_examples=15, deadline=None)
@given(P_VALUES)
def test_holm_is_that_of_statsmodels_and_lies_between_the_raw_p_and_bonferroni(p):
    corrected = holm(p)
    np.testing.assert_allclose(corrected, multipletests(p, method="holm")[1])
    assert (corrected >= p - 1e-12).all()
    assert (corrected <= np.minimum(len(p) * p, 1) + 1e-12).all()
    assert (np.diff(corrected[np.argsort(p, kind="stable")]) >= -1e-12).all()


def test_what_is_refused():
    with pytest.raises(ValueError, match="3 scores against 2: a paired test needs the same folds"):
        corrected_t(FIRST, SECOND[:2], 0.25)
    with pytest.raises(ValueError, match="must be positive"):
        corrected_t(FIRST, SECOND, 0.0)
