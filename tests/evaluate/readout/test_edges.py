"""The grids of penalties are wide enough for one number that follows its label, and an edge that matters is told."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from drasclr_core.evaluate.readout import linear, penalty_edges
from drasclr_core.evaluate.readout.edges import TOLERANCE
from drasclr_core.evaluate.readout.linear import linear_model, penalty, penalty_edge
from drasclr_core.evaluate.readout.readout import readout
from drasclr_core.evaluate.tasks import Task

VALUE = Task("value", "value")
GRADE = Task("grade", "grade", classes=(0, 1, 2, 3, 4, 5))
LIMITS = np.sqrt([0.0015, 0.015, 0.05, 0.12, 0.24])


def one_number(seed: int, count: int = 100) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A skewed measure [N, 1], a value that falls with it, and the grade that a reader gives: as LAA-950 has them."""
    rng = np.random.default_rng(seed)
    measure = np.exp(rng.normal(1, 1.2, count))
    value = -0.03 * measure + rng.normal(0, 0.25, count)
    return measure[:, None], value, np.searchsorted(LIMITS, np.sqrt(measure / 100) + 0.045 * rng.normal(size=count))


@pytest.mark.parametrize("seed", range(4))
def test_one_number_finds_its_grade_penalty_inside_the_grid(seed):
    measure, _, grades = one_number(seed)
    fitted = linear_model(GRADE, grades, np.random.default_rng(0)).fit(measure, grades)
    assert penalty_edge(fitted)[0] == "" and penalty(fitted) < 10


def test_the_weakest_penalty_of_a_narrow_grid_matters(monkeypatch):
    """Grids that end at 0.1, as they once did, are too short for grades by one number, and that is seen."""
    monkeypatch.setattr(linear, "PENALTIES_CLASSIFICATION", np.logspace(5, -1, 7))
    measure, _, grades = one_number(0)
    edge, change = penalty_edge(linear_model(GRADE, grades, np.random.default_rng(0)).fit(measure, grades))
    assert edge == "weakest" and change > 0.02


def test_where_ridge_takes_the_weakest_penalty_a_weaker_one_changes_nothing():
    edges = []
    for seed in range(8):
        measure, value, _ = one_number(seed)
        fitted = linear_model(VALUE, value, np.random.default_rng(0)).fit(measure, value)
        edge, change = penalty_edge(fitted)
        if edge:
            edges.append(edge)
            assert 0 <= change < TOLERANCE
            scaled = fitted[0].transform(measure)
            none = Ridge(1e-12).fit(scaled, value).predict(scaled)
            assert fitted.predict(measure) == pytest.approx(none, abs=1e-4)
    assert set(edges) == {"weakest"}


def test_the_change_is_that_of_the_leave_one_out_error_a_decade_inside(monkeypatch):
    monkeypatch.setattr(linear, "PENALTIES_REGRESSION", np.array([10.0, 100.0, 1000.0]))
    x = np.random.default_rng(1).normal(size=(30, 1))
    y = 2 * x[:, 0] + 0.01 * np.random.default_rng(2).normal(size=30)
    fitted = linear_model(VALUE, y, np.random.default_rng(0)).fit(x, y)
    scaled = (x - x.mean()) / x.std()

    def error(alpha):
        design = np.column_stack([scaled, np.ones(30)])
        hat = design @ np.linalg.solve(design.T @ design + np.diag([alpha, 0]), design.T)
        return np.mean(((y - hat @ y) / (1 - np.diag(hat))) ** 2)

    edge, change = penalty_edge(fitted)
    assert edge == "weakest" and change == pytest.approx(error(100) / error(10) - 1, rel=1e-6)


def test_a_readout_says_where_its_penalties_lie():
    measure, value, grades = one_number(3, 60)
    sids = [f"S{number:02d}" for number in range(60)]
    subjects = pd.DataFrame({"sid": sids, "value": np.exp(value), "grade": grades})
    features = pd.DataFrame({"sid": sids, "laa": measure[:, 0]})
    scores = pd.concat([readout(features, subjects, task, "laa950").scores for task in (VALUE, GRADE)])
    assert {"alpha", "alpha_edge", "edge_change"} <= set(scores)
    assert (scores["edge_change"].notna() == (scores["alpha_edge"] != "")).all()


def test_rows_with_an_edge_are_listed_once_per_fold():
    rows = [("a", "t", metric, 0, fold, edge, change) for metric in ("accuracy", "1-off")
            for fold, edge, change in ((0, "weakest", 0.2), (1, "weakest", 1e-5), (2, "", np.nan))]  # fmt: skip
    rows += [("b", "t", "R2", 0, 0, "strongest", 1e-6), ("c", "t", "R2", 0, 0, "", np.nan)]
    scores = pd.DataFrame(rows, columns=["method", "task", "metric", "repeat", "fold", "alpha_edge", "edge_change"])
    found = penalty_edges(scores).to_dict("records")
    assert found == [
        {"method": "a", "task": "t", "edge": "weakest", "on_edge": 2, "folds": 3, "change": 0.2, "matters": True},
        {"method": "b", "task": "t", "edge": "strongest", "on_edge": 1, "folds": 1, "change": 1e-6, "matters": False},
    ]
    assert penalty_edges(scores[scores["method"] == "c"]).empty
