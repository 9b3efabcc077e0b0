from dataclasses import replace

import numpy as np
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from pandas import DataFrame

from drasclr_core.cohort.phantom.labels.spirometry import Spirometry
from drasclr_core.cohort.phantom.labels.survival import follow_up, log_hazard
from drasclr_core.cohort.phantom.subject.traits import draw_traits

REFERENCE = replace(
    draw_traits(0), age=60.0, sex="female", race="White", smoking="former", pack_years=40.0, bmi=28.0,
    wall_thickening=0.0, resilience=0.0,
)  # fmt: skip
CLEAR = {"centrilobular": 0.0, "panlobular": 0.0, "paraseptal": 0.0}
AVERAGE = Spirometry(76.0, 88.0, 0.68)


def follow(log_risks: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    days, died = zip(*(follow_up(risk, rng) for risk in log_risks), strict=True)
    return np.array(days), np.array(died)


def test_reference_subject_has_no_excess_hazard():
    assert log_hazard(REFERENCE, CLEAR, AVERAGE) == 0


@pytest.mark.parametrize(
    ("change", "log_ratio"),
    [
        ({"age": 70.0}, 0.65),
        ({"sex": "male"}, 0.25),
        ({"smoking": "current"}, 0.25),
        ({"pack_years": 80.0}, 0.20),
        ({"wall_thickening": 0.5}, 0.60),
        ({"bmi": 20.0}, 0.50),
    ],
)
def test_risk_factors_of_the_person(change, log_ratio):
    assert log_hazard(replace(REFERENCE, **change), CLEAR, AVERAGE) == pytest.approx(log_ratio)


@pytest.mark.parametrize(("disease", "log_ratio"), [("centrilobular", 0.9), ("panlobular", 0.5), ("paraseptal", 2.4)])
def test_disease_matters_at_equal_spirometry(disease, log_ratio):
    assert log_hazard(REFERENCE, CLEAR | {disease: 0.2}, AVERAGE) == pytest.approx(log_ratio)


def test_hazards_are_proportional_with_the_stated_ratio():
    risk = np.random.default_rng(1).normal(2.5, 1.0, 3000)
    days, died = follow(risk)
    cox = CoxPHFitter().fit(DataFrame({"risk": risk, "days": days, "died": died}), "days", "died")
    assert cox.params_["risk"] == pytest.approx(1.0, abs=0.08)


def test_baseline_survival_is_the_stated_weibull():
    days, died = follow(np.full(3000, 2.0))
    curve = KaplanMeierFitter().fit(days / 365.25, died)
    for years in (2.0, 5.0):
        assert curve.predict(years) == pytest.approx(np.exp(-((years / 110) ** 1.25) * np.exp(2.0)), abs=0.02)


def test_censoring_is_administrative_or_random():
    days, died = follow(np.full(2000, -20.0))
    assert died.sum() == 0
    assert days.max() <= 10 * 365.25 + 1
    before_the_end = np.mean(days < 6.5 * 365.25)
    assert before_the_end == pytest.approx(1 - np.exp(-0.02 * 6.5), abs=0.03)


def test_certain_death_takes_a_day():
    days, died = follow(np.full(5, 100.0))
    assert (days == 1).all()
    assert (died == 1).all()
