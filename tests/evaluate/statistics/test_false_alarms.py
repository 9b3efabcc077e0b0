"""The simulation of equally good methods."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from drasclr_core.evaluate.statistics.false_alarms import _r2, equally_good, false_alarms


def test_r2_is_scikit_learns():
    rng = np.random.default_rng(0)
    feature, label = rng.normal(size=(2, 30))
    train, test = np.arange(20), np.arange(20, 30)
    model = LinearRegression().fit(feature[train, None], label[train])
    assert _r2(feature, label, train, test) == pytest.approx(model.score(feature[test, None], label[test]))


def test_both_methods_are_equally_good():
    scores = [equally_good(60, 5, 1, np.random.default_rng(seed)) for seed in range(60)]
    first, second = np.mean(scores, axis=(0, 2))
    assert first == pytest.approx(second, abs=0.03)
    assert first == pytest.approx(0.5, abs=0.1)


def test_only_the_corrected_test_survives_repetition():
    rates = false_alarms(subjects=40, repeats=6, studies=120, seed=1).set_index(["test", "repeats"])["rate"]
    assert rates["corrected t", 6] <= 0.11  # 0.05 and three standard errors
    assert rates["paired t", 6] > 0.2 and rates["two-sample t", 6] > 0.15
