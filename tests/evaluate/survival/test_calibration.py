"""Calibration: right, too sure, too timid, and impossible predictions."""

import numpy as np
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from pandas import DataFrame

from drasclr_core.evaluate.survival.calibration import calibration_slope, calibration_table, observed_risk

from .deaths import simulate


def test_true_probabilities_are_well_calibrated():
    columns, days, died = simulate(3000, effect=1.0)
    survival = np.exp(-(500 / 1000) * np.exp(columns[:, 0]))
    table = calibration_table(days, died, survival, 500.0)
    assert table["predicted"].to_numpy() == pytest.approx(table["observed"].to_numpy(), abs=0.04)
    assert table.loc[1:, "predicted"].is_monotonic_increasing
    assert (table.loc[1:, "subjects"] == 1000).all() and table.loc[0, "subjects"] == 3000
    assert table.loc[0, "deaths"] == table.loc[1:, "deaths"].sum() == np.sum(died & (days <= 500))
    assert ((table["low"] < table["observed"]) & (table["observed"] < table["high"])).all()


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_slope_undoes_the_exaggeration(factor):
    columns, days, died = simulate(1500, effect=1.0)
    slope, low, high = calibration_slope(days, died, factor * columns[:, 0])
    assert slope == pytest.approx(1 / factor, rel=0.12)
    assert low < slope < high
    reference = CoxPHFitter().fit(DataFrame({"x": factor * columns[:, 0], "t": days, "e": died}), "t", "e")
    assert slope == pytest.approx(reference.params_["x"], rel=1e-3)


def test_slope_that_does_not_exist_is_nan():
    days, died = np.arange(1.0, 9.0), np.ones(8)
    assert np.isnan(calibration_slope(days, died, np.zeros(8))).all()
    assert np.isnan(calibration_slope(days, np.zeros(8), days)).all()
    for count in (8, 30, 100):  # perfect order: any slope fits, the steeper the better
        days = np.random.default_rng(count).exponential(1000, count)
        assert np.isnan(calibration_slope(days, np.ones(count), -np.log(days))).all(), count


def test_observed_risk_is_kaplan_meiers_by_hand():
    days, died = np.array([2, 3, 5, 9]), np.array([1, 0, 1, 0])
    assert observed_risk(days, died, 6.0)[0] == pytest.approx(1 - 0.375)
    fitter = KaplanMeierFitter().fit(days, died)
    low, high = 1 - fitter.confidence_interval_.loc[5].to_numpy()[::-1]
    assert observed_risk(days, died, 6.0)[1:] == pytest.approx((low, high))


def test_nobody_followed_that_far_and_nobody_died():
    assert np.isnan(observed_risk(np.array([2, 3]), np.array([1, 0]), 6.0)).all()
    assert observed_risk(np.array([2, 3]), np.array([1, 1]), 6.0)[0] == 1
    alive = observed_risk(np.array([8, 9]), np.array([0, 0]), 6.0)
    assert alive[0] == 0 and np.isnan(alive[1:]).all()


def test_three_subjects_and_what_is_refused():
    table = calibration_table(np.array([1.0, 5, 9]), np.array([1, 0, 0]), np.array([0.2, 0.5, 0.9]), 4.0)
    assert table["subjects"].tolist() == [3, 1, 1, 1]
    assert table["predicted"].to_numpy() == pytest.approx([0.4667, 0.1, 0.5, 0.8], abs=1e-3)
    assert table["observed"].tolist() == pytest.approx([1 / 3, 0, 0, 1])
    with pytest.raises(ValueError, match="2 subjects cannot be divided into 3 groups"):
        calibration_table(np.ones(2), np.ones(2), np.ones(2), 1.0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        calibration_table(np.ones(3), np.ones(3), np.array([0.1, np.nan, 0.2]), 1.0)
