"""The models agree with scikit-learn used directly, and choose a penalty that fits the data."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.preprocessing import StandardScaler

from drasclr_core.evaluate.readout.linear import PENALTIES_REGRESSION, linear_model, mean_log_probability, penalty
from drasclr_core.evaluate.tasks import Task

LOG = Task("log", "x")
GRADES = Task("grades", "x", classes=(0, 1, 2))


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    matrix = rng.normal(3, 5, size=(80, 6))
    return matrix, matrix @ rng.normal(size=6) + rng.normal(size=80)


def test_ridge_is_scikit_learns_at_the_chosen_penalty(data):
    matrix, labels = data
    fitted = linear_model(LOG, labels, np.random.default_rng(0)).fit(matrix, labels)
    scaled = StandardScaler().fit_transform(matrix)
    reference = Ridge(penalty(fitted)).fit(scaled, labels)
    assert fitted.predict(matrix) == pytest.approx(reference.predict(scaled))


def test_ridge_penalty_has_the_smallest_leave_one_out_error(data):
    matrix, labels = data
    scaled = StandardScaler().fit_transform(matrix)

    def error(alpha):
        design = np.column_stack([scaled, np.ones(len(scaled))])
        hat = design @ np.linalg.solve(design.T @ design + alpha * np.diag([1] * 6 + [0]), design.T)
        return np.mean(((labels - hat @ labels) / (1 - np.diag(hat))) ** 2)

    best = min(PENALTIES_REGRESSION, key=error)
    fitted = linear_model(LOG, labels, np.random.default_rng(0)).fit(matrix, labels)
    assert penalty(fitted) == pytest.approx(best)


def test_logistic_regression_is_scikit_learns_at_the_chosen_penalty(data):
    matrix, values = data
    labels = np.digitize(values, np.quantile(values, [0.3, 0.7]))
    fitted = linear_model(GRADES, labels, np.random.default_rng(0)).fit(matrix, labels)
    scaled = StandardScaler().fit_transform(matrix)
    reference = LogisticRegression(C=1 / penalty(fitted), max_iter=1000).fit(scaled, labels)
    assert fitted.predict_proba(matrix) == pytest.approx(reference.predict_proba(scaled), abs=0.01)


@pytest.mark.parametrize("strength", [1.0, 1e9])
def test_log_loss_is_scikit_learns(data, strength):
    """Also where a probability is 0: the labels are none that the model was fitted to, and it is sure of itself."""
    matrix, values = data
    labels = 3 + np.digitize(values, np.quantile(values, [0.3, 0.7]))
    model = LogisticRegression(C=strength, max_iter=5000).fit(matrix, labels)
    for true in (labels, labels[::-1]):
        expected = get_scorer("neg_log_loss")(model, matrix, true)
        assert mean_log_probability(model, matrix, true) == pytest.approx(expected, rel=1e-12)


def test_unrelated_labels_get_a_strong_penalty_and_more_features_than_subjects_are_fine():
    rng = np.random.default_rng(3)
    matrix, noise = rng.normal(size=(40, 128)), rng.normal(size=40)
    fitted = linear_model(LOG, noise, rng).fit(matrix, noise)
    assert np.std(fitted.predict(matrix)) < 0.5 * np.std(noise)
    labels = rng.integers(0, 3, 40)
    assert penalty(linear_model(GRADES, labels, rng).fit(matrix, labels)) >= 100


def test_a_grade_with_one_member_can_be_fitted():
    labels = np.array([0] * 12 + [1])
    matrix = np.random.default_rng(0).normal(size=(13, 3))
    fitted = linear_model(GRADES, labels, np.random.default_rng(0)).fit(matrix, labels)
    assert set(fitted.predict(matrix)) <= {0, 1}


def test_one_grade_only_is_predicted_without_learning():
    fitted = linear_model(GRADES, np.full(9, 2), np.random.default_rng(0)).fit(np.zeros((9, 2)), np.full(9, 2))
    assert (fitted.predict(np.ones((4, 2))) == 2).all()
    assert np.isnan(penalty(fitted))
