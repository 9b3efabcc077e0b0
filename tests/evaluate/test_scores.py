"""Metrics on cases worked out by hand; means, deviations and differences of fold scores."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.scores import accuracy, kappa, score, summarise
from drasclr_core.evaluate.tasks import COVID_SEVERITY, Task

GOLD = Task("GOLD", "GOLD", classes=(0, 1, 2, 3, 4))


def test_accuracy_counts_exact_and_neighbouring_grades():
    true, predicted = np.array([0, 1, 2, 4]), np.array([0, 2, 0, 4])
    assert accuracy(true, predicted) == 50
    assert accuracy(true, predicted, off=1) == 75
    assert score(GOLD, true, predicted) == {"accuracy": 50, "1-off": 75}


def test_two_grades_have_no_one_off_accuracy():
    assert score(Task("AE History", "x", classes=(0, 1)), np.array([0, 1]), np.array([0, 0])) == {"accuracy": 50}


def test_r2_by_hand():
    true = np.array([1.0, 2.0, 3.0])
    log = Task("logFEV1pp", "FEV1pp")
    assert score(log, true, true) == {"R2": 1}
    assert score(log, true, np.full(3, 2.0)) == {"R2": 0}
    # residual squares 0 + 0 + 1 against 2 around the mean
    assert score(log, true, np.array([1.0, 2.0, 2.0]))["R2"] == pytest.approx(0.5)


def test_kappa_of_the_exercise():
    """Far misses cost more than they are frequent (exercise of notebook 12)."""
    true = np.arange(5)
    near, far = np.array([1, 2, 3, 4, 4]), np.array([0, 1, 2, 3, 0])
    assert score(COVID_SEVERITY, true, near) == pytest.approx({"accuracy": 20, "kappa": 0.8})
    assert score(COVID_SEVERITY, true, far) == pytest.approx({"accuracy": 80, "kappa": 0.2})


def test_kappa_of_perfect_of_useless_and_of_opposite_predictions():
    true = np.array([0, 1, 2, 3, 4])
    assert kappa(true, true, range(5)) == 1
    assert kappa(true, np.full(5, 2), range(5)) == 0
    assert kappa(true, 4 - true, range(5)) == pytest.approx(-1)


def test_kappa_of_a_fold_with_one_grade(recwarn):
    same = np.array([2, 2, 2])
    assert np.isnan(kappa(same, same, range(5)))
    assert kappa(same, np.array([2, 1, 2]), range(5)) == 0
    assert not recwarn.list


def test_a_grade_that_nobody_has_still_lies_between_its_neighbours():
    true, predicted = np.array([0, 0, 4, 4]), np.array([0, 1, 4, 4])
    # Squared misses 1; of all 16 pairs: 0 against 0, 1, 4, 4 twice (33 each), 4 against them twice (25 each).
    assert kappa(true, predicted, range(5)) == pytest.approx(1 - 1 / ((2 * 33 + 2 * 25) / 4))


def test_an_unknown_metric_is_named():
    with pytest.raises(ValueError, match="scored by 'f1'; metrics are R2, accuracy, 1-off, kappa"):
        score(Task("x", "x", classes=(0, 1), scored_by=("f1",)), np.array([0, 1]), np.array([0, 1]))


@pytest.fixture
def scores():
    rows = [("chance", 50.0, 40.0), ("drasclr", 60.0, 70.0)]
    table = [
        {"method": m, "task": "GOLD", "metric": "accuracy", "repeat": 0, "fold": k, "value": v, "n_test": 5 + k}
        for m, *values in rows
        for k, v in enumerate(values)
    ]
    return pd.DataFrame(table)


def test_mean_and_deviation_over_folds(scores):
    row = summarise(scores).set_index("method").loc["chance"]
    assert row["mean"] == 45
    assert row["sd"] == pytest.approx(50**0.5)
    assert (row["folds"], row["subjects"]) == (2, 11)


def test_repeats_count_as_folds_but_not_as_subjects(scores):
    twice = pd.concat([scores, scores.assign(repeat=1)])
    row = summarise(twice).set_index("method").loc["drasclr"]
    assert (row["folds"], row["subjects"]) == (4, 11)
