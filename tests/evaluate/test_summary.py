"""Means, deviations and differences of fold scores, by hand."""

import pandas as pd
import pytest

from drasclr_core.evaluate.summary import advantage, summarise


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


def test_advantage_is_taken_fold_by_fold(scores):
    shuffled_rows = scores.sample(frac=1, random_state=0)
    row = advantage(shuffled_rows).iloc[0]
    assert (row["method"], row["mean"], row["folds"]) == ("drasclr", 20, 2)
    assert row["sd"] == pytest.approx(200**0.5)  # differences 10 and 30
