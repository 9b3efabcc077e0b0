from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.cohort.phantom.labels.spirometry import breathe, gold_stage
from drasclr_core.cohort.phantom.subject.traits import draw_traits

HEALTHY = {"lung_volume_l": 5.5, "centrilobular": 0.0, "panlobular": 0.0, "paraseptal": 0.0, "gas_trapping": 0.0}
PERSON = replace(draw_traits(0), wall_thickening=0.1, pack_years=20.0, sex="male", age=60.0, height_cm=175.0, bmi=27.0)


@pytest.mark.parametrize(
    ("fev1_pp", "ratio", "stage"),
    [
        (80.0, 0.70, 0),
        (79.9, 0.70, -1),
        (120.0, 0.85, 0),
        (25.0, 0.75, -1),
        (80.0, 0.699, 1),
        (79.9, 0.699, 2),
        (50.0, 0.5, 2),
        (49.9, 0.5, 3),
        (30.0, 0.5, 3),
        (29.9, 0.5, 4),
        (8.0, 0.2, 4),
    ],
)
def test_gold_boundaries(fev1_pp, ratio, stage):
    assert gold_stage(fev1_pp, ratio) == stage


@given(st.floats(5, 160), st.floats(0.1, 1.0))
def test_gold_needs_obstruction(fev1_pp, ratio):
    stage = gold_stage(fev1_pp, ratio)
    assert (stage >= 1) == (ratio < 0.70)
    assert (stage in (0, 1)) == (fev1_pp >= 80)


@given(st.floats(5, 160), st.floats(0, 50), st.floats(0.1, 0.69))
def test_gold_never_improves_when_fev1_falls(fev1_pp, fall, ratio):
    assert gold_stage(fev1_pp - fall, ratio) >= gold_stage(fev1_pp, ratio)


@given(
    disease=st.sampled_from(["centrilobular", "panlobular", "paraseptal", "gas_trapping"]),
    extent=st.floats(0.02, 0.4),
    seed=st.integers(0, 1000),
)
def test_disease_lowers_the_ratio(disease, extent, seed):
    sick = breathe(PERSON, HEALTHY | {disease: extent}, np.random.default_rng(seed))
    well = breathe(PERSON, HEALTHY, np.random.default_rng(seed))
    assert sick.ratio < well.ratio or sick.ratio == well.ratio == 0.95  # the highest there is


def test_paraseptal_cysts_limit_airflow_least():
    fall = {}
    for disease in ("centrilobular", "paraseptal"):
        sick = breathe(PERSON, HEALTHY | {disease: 0.1}, np.random.default_rng(0))
        fall[disease] = np.log(breathe(PERSON, HEALTHY, np.random.default_rng(0)).ratio / sick.ratio)
    assert fall["centrilobular"] > 1.4 * fall["paraseptal"]


def test_thick_walls_and_a_small_lung_lower_fev1():
    well = breathe(PERSON, HEALTHY, np.random.default_rng(0)).fev1_pp
    assert breathe(replace(PERSON, wall_thickening=0.9), HEALTHY, np.random.default_rng(0)).fev1_pp < 0.85 * well
    assert breathe(PERSON, HEALTHY | {"lung_volume_l": 4.0}, np.random.default_rng(0)).fev1_pp < 0.85 * well


def test_percent_predicted_and_ratio_agree():
    # FEV1pp / FVCpp is the measured ratio over the predicted one, which depends on age and sex only.
    one, other = (breathe(PERSON, HEALTHY, np.random.default_rng(seed)) for seed in (1, 2))
    assert one.ratio * one.fvc_pp / one.fev1_pp == pytest.approx(other.ratio * other.fvc_pp / other.fev1_pp)
    assert one.ratio * one.fvc_pp / one.fev1_pp == pytest.approx(0.90 - 0.0021 * 60 - 0.02)


def test_extreme_disease_stays_possible():
    wreck = dict.fromkeys(HEALTHY, 0.5) | {"lung_volume_l": 3.0}
    breath = breathe(replace(PERSON, wall_thickening=1.0, resilience=-4.0), wreck, np.random.default_rng(0))
    assert breath.ratio >= 0.15
    assert breath.fev1_pp > 3
    assert breath.gold == 4
