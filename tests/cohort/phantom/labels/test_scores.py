from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.cohort.phantom.labels import scores
from drasclr_core.cohort.phantom.labels.spirometry import Spirometry
from drasclr_core.cohort.phantom.subject.traits import draw_traits

PERSON = replace(draw_traits(0), wall_thickening=0.3, resilience=0.0, age=60.0, bmi=28.0)
GOOD, POOR = Spirometry(100.0, 100.0, 0.8), Spirometry(30.0, 65.0, 0.36)
CLEAR = {"centrilobular": 0.0, "panlobular": 0.0, "paraseptal": 0.0, "covid": 0.0}


@pytest.mark.parametrize(
    ("bmi", "fev1_pp", "mmrc", "walk_m", "points"),
    [
        (25, 100, 0, 500, 0),
        (25, 65, 1, 350, 0),
        (21, 65, 1, 350, 1),
        (21.1, 65, 1, 350, 0),
        (25, 64, 1, 350, 1),
        (25, 64.9, 1, 350, 1),
        (25, 50, 1, 350, 1),
        (25, 49, 1, 350, 2),
        (25, 36, 1, 350, 2),
        (25, 35, 1, 350, 3),
        (25, 65, 2, 350, 1),
        (25, 65, 3, 350, 2),
        (25, 65, 4, 350, 3),
        (25, 65, 1, 349, 1),
        (25, 65, 1, 250, 1),
        (25, 65, 1, 249, 2),
        (25, 65, 1, 150, 2),
        (25, 65, 1, 149, 3),
        (18, 20, 4, 100, 10),
    ],
)
def test_bode_point_table(bmi, fev1_pp, mmrc, walk_m, points):
    assert scores.bode_index(bmi, fev1_pp, mmrc, walk_m) == points


@given(st.floats(12, 55), st.floats(5, 150), st.integers(0, 4), st.floats(0, 800))
def test_bode_is_zero_to_ten_and_grows_with_each_part(bmi, fev1_pp, mmrc, walk_m):
    points = scores.bode_index(bmi, fev1_pp, mmrc, walk_m)
    assert 0 <= points <= 10
    assert scores.bode_index(bmi - 5, fev1_pp, mmrc, walk_m) >= points
    assert scores.bode_index(bmi, fev1_pp - 20, mmrc, walk_m) >= points
    assert scores.bode_index(bmi, fev1_pp, min(mmrc + 1, 4), walk_m) >= points
    assert scores.bode_index(bmi, fev1_pp, mmrc, walk_m - 100) >= points


@pytest.mark.parametrize(
    ("extent", "grade"),
    [(0, 0), (1e-6, 1), (0.249, 1), (0.25, 2), (0.499, 2), (0.5, 3), (0.75, 3), (0.751, 4), (1, 4)],
)
def test_mosmed_boundaries(extent, grade):
    assert scores.mosmed_grade(extent) == grade


@given(st.floats(0, 1), st.floats(0, 1))
def test_mosmed_grade_grows_with_extent(one, other):
    assert scores.mosmed_grade(min(one, other)) <= scores.mosmed_grade(max(one, other))


def read(score, extent: dict[str, float], times: int = 300) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.array([score(CLEAR | extent, rng) for _ in range(times)])


@pytest.mark.parametrize(
    ("fraction", "usual"),
    [(0.0, 0), (0.008, 1), (0.03, 2), (0.08, 3), (0.17, 4), (0.40, 5)],
)
def test_centrilobular_score_centres_on_its_grade(fraction, usual):
    found = read(scores.centrilobular_score, {"centrilobular": fraction})
    assert np.median(found) == usual
    assert np.mean(np.abs(found - usual) <= 1) > 0.95


def test_readers_disagree_near_a_border_only():
    assert len(set(read(scores.centrilobular_score, {"centrilobular": 0.12}))) > 1
    assert set(read(scores.centrilobular_score, {"centrilobular": 0.45})) == {5}


def test_panlobular_loss_counts_half():
    one = read(scores.centrilobular_score, {"panlobular": 0.2})
    assert np.array_equal(one, read(scores.centrilobular_score, {"centrilobular": 0.1}))


def test_paraseptal_score_sees_paraseptal_only():
    assert np.median(read(scores.paraseptal_score, {"paraseptal": 0.0, "centrilobular": 0.4})) == 0
    assert np.median(read(scores.paraseptal_score, {"paraseptal": 0.012})) == 1
    assert np.median(read(scores.paraseptal_score, {"paraseptal": 0.10})) == 2


def test_poor_lungs_exacerbate_and_tire():
    rng = np.random.default_rng(0)
    rate = {b: np.mean([scores.exacerbation_history(PERSON, b, rng) for _ in range(500)]) for b in (GOOD, POOR)}
    assert rate[GOOD] < 0.15 < 0.3 < rate[POOR]
    breathless = {b: np.mean([scores.dyspnea(PERSON, b, rng) for _ in range(500)]) for b in (GOOD, POOR)}
    assert breathless[GOOD] < 0.6 < 2 < breathless[POOR]
    walk = {b: np.mean([scores.six_minute_walk(PERSON, CLEAR, b, rng) for _ in range(500)]) for b in (GOOD, POOR)}
    assert walk[GOOD] - walk[POOR] == pytest.approx(140, abs=15)


def test_airway_walls_tell_more_than_fev1_about_exacerbations():
    thick = replace(PERSON, wall_thickening=1.0)
    rng = np.random.default_rng(0)
    rates = [np.mean([scores.exacerbation_history(who, POOR, rng) for _ in range(2000)]) for who in (PERSON, thick)]
    assert rates[1] > rates[0] + 0.1


@given(st.integers(0, 10_000))
def test_covid_severity_of_clear_and_of_sick_lungs(seed):
    rng = np.random.default_rng(seed)
    assert scores.covid_severity(PERSON, CLEAR, rng) == 0
    assert scores.covid_severity(PERSON, CLEAR | {"covid": 0.001}, rng) == 1
    assert scores.covid_severity(PERSON, CLEAR | {"covid": 0.49}, rng) in (2, 3)


def test_covid_severity_is_uncertain_near_a_border_only():
    near = read(lambda truth, rng: scores.covid_severity(PERSON, truth, rng), {"covid": 0.5})
    assert set(near) == {2, 3}
    far = read(lambda truth, rng: scores.covid_severity(PERSON, truth, rng), {"covid": 0.375})
    assert np.mean(far == 2) > 0.99
