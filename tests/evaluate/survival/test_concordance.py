"""Time-dependent concordance: by hand, against scikit-survival, and where it does not exist."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sksurv.metrics import concordance_index_censored, concordance_index_ipcw
from sksurv.util import Surv

from drasclr_core.evaluate.survival.concordance import concordance, horizons, pair_weights, percentiles, reachable, won

from .deaths import simulate

NOBODY_CENSORED = (np.array([1.0, 2.0, 3.0, 9.0]), np.array([1, 1, 1, 1]))


def by_pairs(risk, test, train, tau):
    deaths, weights = pair_weights(test, train, tau)
    return np.sum(weights * won(risk, deaths)) / weights.sum()


def test_perfect_upside_down_and_constant_risk():
    test = (np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 1, 0, 1]))
    for risk, expected in (([4, 3, 2, 1], 1.0), ([1, 2, 3, 4], 0.0), ([5, 5, 5, 5], 0.5)):
        risk = np.array(risk, dtype=float)
        assert concordance(risk, test, NOBODY_CENSORED, 8.0) == expected
        assert by_pairs(risk, test, NOBODY_CENSORED, 8.0) == expected


def test_by_hand_with_censoring_and_horizon():
    # Training: of four subjects one is censored on day 2, so G is 1 before and 2/3 from day 2 on.
    train = (np.array([1.0, 2.0, 5.0, 9.0]), np.array([1, 0, 1, 1]))
    # Deaths on days 1 (weight 1) and 3 (weight 9/4); the one on day 6 comes after the horizon.
    test = (np.array([1.0, 2.0, 3.0, 6.0]), np.array([1, 0, 1, 1]))
    risk = np.array([2.0, 3.0, 1.0, 1.0])
    # Day 1: later are 2, 3, 6 with risks 3 (wrong), 1, 1 (right): 2 of 3. Day 3: day 6 has the same risk: half of 1.
    expected = (2 * 1 + 0.5 * 9 / 4) / (3 * 1 + 1 * 9 / 4)
    assert concordance(risk, test, train, 5.0) == pytest.approx(expected)
    assert by_pairs(risk, test, train, 5.0) == pytest.approx(expected)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([0.3, 1.0, 3.0]), st.floats(0.1, 1.0))
def test_pairs_add_up_to_scikit_survival(seed, censoring, share):
    columns, days, died = simulate(60, censoring=censoring, seed=seed)
    days = np.ceil(days / 50) * 50  # many ties
    train, test = (days[:40], died[:40]), (days[40:], died[40:])
    risk = np.round(columns[40:, 0], 1)
    if not died[:40].any():
        return
    tau = reachable(share * days.max(), *train)
    value = concordance(risk, test, train, tau)
    deaths, weights = pair_weights(test, train, tau)
    if np.isnan(value):
        assert weights.sum() == 0
    else:
        reference = concordance_index_ipcw(
            Surv.from_arrays(*reversed(train)), Surv.from_arrays(*reversed(test)), risk, tau
        )
        assert value == reference[0]
        assert np.sum(weights * won(risk, deaths)) / weights.sum() == pytest.approx(value)


def test_without_censoring_it_is_harrells():
    columns, days, died = simulate(80, censoring=0.0)
    assert died.all()
    train, test = (days[:40], died[:40]), (days[40:], died[40:])
    tau = reachable(np.inf, *train)
    kept = test[0] < tau
    harrell = concordance_index_censored(died[40:][kept], test[0][kept], columns[40:, 0][kept])[0]
    inside = (test[0][kept], died[40:][kept])
    assert concordance(columns[40:, 0][kept], inside, train, tau) == pytest.approx(harrell)


def test_the_estimate_does_not_drift_with_censoring():
    """What the weights are for: heavy censoring hides late pairs, and the estimate stays where it was."""

    def mean(censoring):
        values = []
        for seed in range(15):
            columns, days, died = simulate(400, censoring=censoring, seed=seed)
            outcome = (days, died)
            values.append(concordance(columns[:, 0], outcome, outcome, 600.0))
        return np.mean(values)

    assert mean(2.0) == pytest.approx(mean(0.2), abs=0.015)


def test_horizons_are_percentiles_of_the_censored_only():
    days, died = np.array([1.0, 2.0, 10.0, 20.0, 30.0, 99.0]), np.array([1, 1, 0, 0, 0, 1])
    assert percentiles(days, died) == {"25th": 15.0, "50th": 20.0, "75th": 25.0}
    assert horizons(days, died, least=0) == percentiles(days, died)
    with pytest.raises(ValueError, match="every subject died"):
        horizons(days, np.ones(6))


def test_horizons_with_hardly_a_death_between_them_are_one():
    """52 people censored from 6.5 to 10 years, and 12 deaths, of which most are earlier."""
    censored = np.linspace(6.5, 10, 52)
    taus = np.quantile(censored, [0.25, 0.5, 0.75])
    early = np.linspace(0.5, 6, 12)

    def kept(deaths):
        return list(horizons(np.r_[censored, deaths], np.r_[np.zeros(52), np.ones(len(deaths))]))

    assert kept(early) == ["50th"]
    assert kept(np.r_[early, np.full(4, taus[0] + 0.1)]) == ["50th"]
    assert kept(np.r_[early, np.full(5, taus[0] + 0.1)]) == ["25th", "50th"]
    assert kept(np.r_[early, np.full(5, taus[0] + 0.1), np.full(5, taus[1] + 0.1)]) == ["25th", "50th", "75th"]
    assert kept(np.r_[early, np.full(9, taus[2] + 0.1)]) == ["50th"]  # deaths after the last horizon score nowhere


def test_horizon_is_lowered_to_where_the_weights_exist():
    days = np.array([1.0, 4.0, 6.0])
    assert reachable(5.0, days, np.array([1, 0, 1])) == 5.0
    assert reachable(9.0, days, np.array([1, 0, 1])) == 6.0
    # The last one is censored: from day 6 on nobody is left uncensored.
    assert reachable(9.0, days, np.array([1, 1, 0])) == 4.0
    test = (np.array([2.0, 5.0, 8.0]), np.array([1, 1, 1]))
    with pytest.raises(ValueError):
        concordance(np.zeros(3), test, (days, np.array([1, 1, 0])), 9.0)
    assert concordance(np.array([3.0, 2, 1]), test, (days, np.array([1, 1, 0])), 4.0) == 1.0


@pytest.mark.parametrize(
    ("days", "died"),
    [([5.0, 6.0, 7.0], [0, 0, 0]), ([5.0, 6.0, 7.0], [0, 0, 1]), ([9.0, 9.0, 9.0], [1, 1, 1]), ([2.0], [1])],
    ids=["censored only", "last one dies", "all on one day", "one subject"],
)
def test_no_comparable_pair_is_nan(days, died):
    test = (np.array(days), np.array(died))
    assert np.isnan(concordance(np.arange(len(days), dtype=float), test, NOBODY_CENSORED, 8.5))


def test_missing_risk_is_refused():
    test = (np.array([1.0, 2.0, 3.0]), np.array([1, 1, 1]))
    with pytest.raises(ValueError, match="NaN"):
        concordance(np.array([1.0, np.nan, 2.0]), test, NOBODY_CENSORED, 8.0)
