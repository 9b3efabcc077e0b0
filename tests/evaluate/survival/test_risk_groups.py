"""Thirds of predicted risk, Kaplan-Meier curves, numbers at risk and the log-rank test."""

import numpy as np
import pytest
from scipy import stats

from drasclr_core.evaluate.survival.risk_groups import at_risk, curves, log_rank, tertiles

from .deaths import simulate


def test_thirds_are_taken_within_a_fold():
    risk = np.array([1, 2, 3, 4, 5, 6, 101, 102, 103.0])
    fold = np.array([0] * 6 + [1] * 3)
    assert tertiles(risk, fold).tolist() == [0, 0, 1, 1, 2, 2, 0, 1, 2]


def test_equal_risks_are_all_in_the_middle_and_missing_ones_refused():
    assert tertiles(np.zeros(7), np.zeros(7)).tolist() == [1] * 7
    with pytest.raises(ValueError, match="1 of 3 predicted risks are missing"):
        tertiles(np.array([1.0, np.nan, 2.0]), np.zeros(3))


def test_curve_by_hand():
    # Of four, one dies on day 2, one is censored on day 3, one dies on day 5: 3/4, then 3/4 * 1/2.
    table = curves(np.array([2, 3, 5, 9]), np.array([1, 0, 1, 0]), np.zeros(4, dtype=int)).set_index("day")
    assert table["survival"].to_dict() == pytest.approx({0: 1, 2: 0.75, 3: 0.75, 5: 0.375, 9: 0.375})
    assert table.loc[0, ["low", "high"]].tolist() == [1, 1]
    assert table.loc[5, "low"] < 0.375 < table.loc[5, "high"]


def test_a_group_without_deaths_stays_at_one():
    table = curves(np.array([2, 3, 5, 9]), np.zeros(4), np.array([0, 0, 2, 2]))
    assert (table[["survival", "low", "high"]] == 1).all(axis=None)
    assert set(table["group"]) == {0, 2}


def test_numbers_at_risk_by_hand():
    table = at_risk(np.array([2, 3, 5, 9]), np.array([0, 0, 2, 2]), [0, 3, 6])
    assert table.loc[0].tolist() == [2, 1, 0]
    assert table.loc[2].tolist() == [2, 2, 1]


def test_log_rank_by_hand():
    # Two groups of two; deaths on days 1 (first group), 2 (second), 3 (first), 4 (second).
    days, group = np.array([1, 3, 2, 4]), np.array([0, 0, 1, 1])
    expected, variance = 2 / 4 + 1 / 3 + 1 / 2, 1 / 4 + 2 / 9 + 1 / 4
    statistic, p = log_rank(days, np.ones(4), group)
    assert statistic == pytest.approx((2 - expected) ** 2 / variance)
    assert p == pytest.approx(stats.chi2.sf(statistic, 1))


def test_log_rank_sees_an_effect_and_is_nan_without_groups_or_deaths():
    columns, days, died = simulate(150, effect=1.0)
    group = tertiles(columns[:, 0], np.zeros(150))
    assert log_rank(days, died, group)[1] < 1e-4
    assert np.isnan(log_rank(days, died, np.ones(150))).all()
    assert np.isnan(log_rank(days, np.zeros(150), group)).all()
