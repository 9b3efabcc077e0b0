import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from drasclr_core.cohort.phantom.subject.traits import _even_uniforms, draw_traits


def table(count: int, seed: int = 0, arm: str = "copd") -> pd.DataFrame:
    return pd.DataFrame([dataclasses.asdict(draw_traits(index, seed, arm)) for index in range(count)])


@pytest.fixture(scope="module")
def copd() -> pd.DataFrame:
    return table(1000)


@pytest.fixture(scope="module")
def covid() -> pd.DataFrame:
    return table(400, arm="covid")


@pytest.mark.parametrize("arm", ["copd", "covid"])
def test_subject_depends_on_index_and_seed_only(arm):
    assert draw_traits(17, 3, arm) == draw_traits(17, 3, arm)
    assert draw_traits(17, 3, arm) != draw_traits(18, 3, arm)
    assert draw_traits(17, 3, arm) != draw_traits(17, 4, arm)


def test_known_subject_stays_the_same():
    # Guards published cohorts: subject 5 of seed 0 must not change with NumPy's version or the platform.
    subject = draw_traits(5)
    assert (subject.sex, subject.race, subject.smoking) == ("female", "White", "never")
    numbers = (subject.age, subject.centrilobular, subject.lung_volume_l)
    assert numbers == pytest.approx((72.81083446, 0.00750542716, 4.023539708), rel=1e-6)


def test_values_are_plain_python():
    for arm in ("copd", "covid"):
        for value in dataclasses.asdict(draw_traits(3, 1, arm)).values():
            assert type(value) in (float, int, str)


def test_unknown_arm_is_refused():
    with pytest.raises(ValueError, match="choose 'copd' or 'covid'"):
        draw_traits(0, arm="asthma")


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        ("age", 45, 80),
        ("bmi", 15, 52),
        ("height_cm", 145, 200),
        ("lung_volume_l", 3, 8),
        ("centrilobular", 0, 0.45),
        ("paraseptal", 0, 0.15),
        ("panlobular", 0, 0.25),
        ("wall_thickening", 0, 1),
        ("gas_trapping", 0, 0.6),
        ("covid_extent", 0, 0),
    ],
)
def test_ranges(copd, field, low, high):
    assert copd[field].between(low, high).all()


def test_emphysema_leaves_lung(copd):
    assert (copd.centrilobular + copd.paraseptal + copd.panlobular).max() <= 0.6 + 1e-9


def test_demography_is_near_copdgene(copd):
    assert copd.age.mean() == pytest.approx(60, abs=1)
    assert copd.bmi.mean() == pytest.approx(29, abs=1)
    assert (copd.sex == "female").mean() == pytest.approx(0.47, abs=0.05)
    assert (copd.race == "Black").mean() == pytest.approx(0.33, abs=0.05)
    assert (copd.smoking == "current").mean() == pytest.approx(0.51, abs=0.06)
    smokers = copd[copd.smoking != "never"]
    assert smokers.pack_years.min() >= 10
    assert smokers.pack_years.mean() == pytest.approx(44, abs=3)
    assert (copd.pack_years[copd.smoking == "never"] == 0).all()


def test_subtypes_are_not_one_axis(copd):
    # Centrilobular and paraseptal emphysema go together only loosely, and each occurs without the other.
    assert 0.1 < copd.centrilobular.corr(copd.paraseptal) < 0.5
    assert ((copd.centrilobular > 0.05) & (copd.paraseptal < 0.003)).mean() > 0.05
    assert ((copd.centrilobular < 0.01) & (copd.paraseptal > 0.02)).mean() > 0.05
    assert copd.centrilobular.corr(copd.wall_thickening) < 0.35


@pytest.mark.parametrize("first", [0, 100, 5000])
def test_every_small_cohort_covers_mild_and_severe(first):
    # Half as far from the marginal distribution as 64 independent draws usually are (Kolmogorov distance about 0.1).
    severity = np.array([_even_uniforms(first + k, 0)[0] for k in range(64)])
    assert kstest(severity, "uniform").statistic < 0.05
    emphysema = [draw_traits(first + k).centrilobular for k in range(64)]
    assert np.sum(np.array(emphysema) == 0) >= 10
    assert np.sum(np.array(emphysema) > 0.15) >= 3


def test_covid_extent_lies_in_the_grade(covid):
    low = np.array([0, 0, 0.25, 0.5, 0.75])[covid.covid_grade]
    high = np.array([0, 0.25, 0.5, 0.75, 0.9])[covid.covid_grade]
    assert ((covid.covid_extent >= low) & (covid.covid_extent <= high)).all()
    shares = covid.covid_grade.value_counts(normalize=True).sort_index()
    assert shares.to_list() == pytest.approx([0.20, 0.25, 0.22, 0.18, 0.15], abs=0.03)


def test_covid_lungs_are_otherwise_healthy(covid):
    assert (covid[["centrilobular", "paraseptal", "panlobular", "gas_trapping"]] == 0).all(axis=None)
    assert (covid.arm == "covid").all()
