"""Bootstrap over subjects: exact values by hand, references, pairing, and what is undefined."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score, r2_score

from drasclr_core.evaluate.statistics.resampling import (
    SAMPLE,
    numbered,
    readout_draws,
    resample_counts,
    summarise_draws,
)


def predictions(values: dict[str, np.ndarray], true: np.ndarray, task="log") -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {"method": m, "task": task, "repeat": 0, "subject": range(len(true)), "true": true, "predicted": v}
        )
        for m, v in values.items()
    ]
    return pd.concat(parts, ignore_index=True)


def metrics(*names, task="log"):
    return pd.DataFrame({"task": task, "metric": names})


def test_scores_of_the_sample_and_of_a_draw_are_scikit_learns():
    rng = np.random.default_rng(0)
    true = rng.normal(5, 1, 40)
    table = predictions({"a": true + rng.normal(size=40), "b": true + 2}, true)
    draws = readout_draws(table, metrics("R2"), draws=5).set_index(["method", "draw"])["value"]
    assert draws["a", SAMPLE] == pytest.approx(r2_score(true, table.query("method == 'a'")["predicted"]))
    chosen = np.repeat(np.arange(40), resample_counts(40, 5)[1 + 3])
    for method in "ab":
        guess = table.query("method == @method")["predicted"].to_numpy()
        assert draws[method, 3] == pytest.approx(r2_score(true[chosen], guess[chosen]))


def test_accuracies_by_hand():
    table = predictions({"a": np.array([0, 2, 2, 0])}, np.array([0, 1, 2, 2]), "GOLD")
    draws = readout_draws(table, metrics("accuracy", "1-off", task="GOLD"), draws=1)
    sample = draws[draws["draw"] == SAMPLE].set_index("metric")["value"]
    assert sample.to_dict() == {"accuracy": 50, "1-off": 75}


def test_kappa_of_a_draw_is_scikit_learns_on_repeated_subjects():
    rng = np.random.default_rng(1)
    true = rng.integers(0, 5, 30)
    table = predictions({"a": (true + rng.integers(0, 3, 30)).clip(0, 4), "b": np.full(30, 1)}, true, "COVID")
    draws = readout_draws(table, metrics("kappa", task="COVID"), draws=20).set_index(["method", "draw"])["value"]
    for draw, counts in enumerate(resample_counts(30, 20), start=SAMPLE):
        rows = np.repeat(np.arange(30), counts)
        for method in "ab":
            guess = table.query("method == @method")["predicted"].to_numpy()[rows]
            theirs = cohen_kappa_score(true[rows], guess, labels=range(5), weights="quadratic")
            assert draws[method, draw] == pytest.approx(theirs, abs=1e-12)


def test_kappa_of_one_grade_only_is_nan_and_the_rest_stays():
    table = predictions({"a": np.array([1, 1, 2])}, np.array([1, 1, 2]), "x")
    values = readout_draws(table, metrics("kappa", task="x"), draws=200)["value"]
    third = resample_counts(3, 200)[:, 2]
    one_grade = (third == 0) | (third == 3)
    assert (values.isna().to_numpy() == one_grade).all()
    assert one_grade.any() and (values.dropna() == 1).all()


def test_standard_error_of_an_accuracy_is_the_binomial_one():
    hits = np.arange(100) < 70
    draws = readout_draws(predictions({"a": hits * 1}, np.ones(100), "x"), metrics("accuracy", task="x"), draws=4000)
    row = summarise_draws(draws).iloc[0]
    assert row["mean"] == 70
    assert row["sd"] == pytest.approx(100 * np.sqrt(0.7 * 0.3 / 100), rel=0.05)
    assert (row["low"], row["high"]) == pytest.approx((61, 79), abs=1)


def test_methods_share_their_draws():
    true = np.random.default_rng(0).integers(0, 2, 60)
    table = predictions({"a": true, "b": true, "c": 1 - true}, true, "x")
    draws = readout_draws(table, metrics("accuracy", task="x"), draws=50).pivot(
        index="draw", columns="method", values="value"
    )
    assert (draws["a"] == draws["b"]).all() and (draws["a"] == 100).all()
    assert (draws["c"] == 0).all()


def test_repeats_are_averaged():
    one = predictions({"a": np.array([1, 1, 1, 1])}, np.array([1, 1, 1, 1]), "x")
    two = pd.concat([one, one.assign(repeat=1, predicted=[0, 0, 1, 1])])
    draws = readout_draws(two, metrics("accuracy", task="x"), draws=1)
    assert draws["value"].iloc[0] == 75


def test_r2_of_equal_labels_is_nan_and_the_rest_stays():
    table = predictions({"a": np.array([1.0, 2.0, 3.0])}, np.array([1.0, 2.0, 3.0]))
    values = readout_draws(table, metrics("R2"), draws=300)["value"]
    one_subject_thrice = (resample_counts(3, 300) == 3).any(axis=1)
    assert (values.isna().to_numpy() == one_subject_thrice).all()
    assert one_subject_thrice.any() and (values.dropna() == 1).all()


def test_subjects_of_one_method_only_are_refused():
    table = predictions({"a": np.ones(4), "b": np.ones(4)}, np.ones(4), "x")
    with pytest.raises(ValueError, match="'a' has 3 predictions in repeat 0, and 4 subjects"):
        readout_draws(table.drop(index=2), metrics("accuracy", task="x"), draws=2)


def test_numbers_instead_of_names():
    table = pd.DataFrame({"method": ["a", "a", "b"], "sid": ["K2", "K10", "K2"], "predicted": 1})
    plain = numbered(table)
    assert plain["subject"].tolist() == [1, 0, 1]
    assert "sid" not in plain
