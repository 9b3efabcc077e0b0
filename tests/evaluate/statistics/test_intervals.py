"""The one interval of a difference: percentiles with enough draws, a stated approximation with fewer."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from drasclr_core.evaluate.statistics.intervals import draws_needed, paired_difference, subjects_tested


def scores(draws: int, seed: int) -> pd.Series:
    values = np.random.default_rng(seed).normal(0.5, 0.1, draws + 1)
    return pd.Series(values, index=np.arange(draws + 1) - 1)


def test_enough_draws_leave_ten_beyond_either_end():
    for comparisons in (1, 3, 9):
        assert draws_needed(comparisons) * 0.025 / comparisons >= 10
    assert draws_needed(9) == 3600 and draws_needed(1) == 1000


def test_percentiles_with_enough_draws_and_a_normal_distribution_with_fewer():
    first, second = scores(800, 0), scores(800, 1)
    difference = (first - second)[first.index >= 0]
    many = paired_difference(first, second, "R2", comparisons=2)
    assert many.interval == "percentile"
    assert (many.low, many.high) == pytest.approx(tuple(difference.quantile([0.0125, 0.9875])))
    few = paired_difference(first, second, "R2", comparisons=3)
    reach = stats.norm.ppf(1 - 0.025 / 3) * difference.std()
    assert few.interval == "normal" and few.estimate == first[-1] - second[-1] == many.estimate
    assert (few.low, few.high) == pytest.approx((few.estimate - reach, few.estimate + reach))


def test_the_approximation_is_close_to_the_percentiles_where_scores_are_normal():
    first, second = scores(4000, 2), scores(4000, 3)
    first[-1] = second[-1] = 0.5
    many, few = paired_difference(first, second, "R2"), paired_difference(first[:200], second[:200], "R2")
    assert (few.low, few.high) == pytest.approx((many.low, many.high), abs=0.05)


def test_draws_are_paired_and_undefined_ones_left_out():
    first, second = scores(500, 0), scores(500, 0) - 0.1
    found = paired_difference(first.sample(frac=1, random_state=0), second, "R2")
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))
    first[:450] = np.nan
    assert paired_difference(first, second, "R2") is None  # the sample itself is gone
    assert paired_difference(scores(1, 0), scores(1, 1), "R2") is None


def test_accuracies_know_how_many_subjects_there_were():
    same = 100 * scores(500, 0)
    assert (paired_difference(same, same, "accuracy").high, paired_difference(same, same, "R2", 64).high) == (0, 0)
    assert paired_difference(same, same, "accuracy", 64).high == pytest.approx(4.2, abs=0.01)


def test_tested_subjects_are_counted_once():
    row = {"method": "a", "task": "GOLD", "metric": "accuracy"}
    table = pd.DataFrame([row | {"repeat": repeat, "n_test": size} for repeat in (0, 1) for size in (13, 12)])
    assert subjects_tested(table, "GOLD", "accuracy") == 25
    assert subjects_tested(table, "CLE", "accuracy") == subjects_tested(None, "GOLD", "accuracy") == 0
