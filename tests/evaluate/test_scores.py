"""Metrics on cases worked out by hand."""

import numpy as np
import pytest

from drasclr_core.evaluate.scores import accuracy, score
from drasclr_core.evaluate.tasks import Task

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
