"""Hand-made cases that no other test of the evaluations has: three subjects, folds of one label, censored only, NaN."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.readout.linear import chance_model
from drasclr_core.evaluate.readout.permutation import permutation_scores, permutation_test
from drasclr_core.evaluate.readout.readout import compare_readouts, readout
from drasclr_core.evaluate.scores import summarise
from drasclr_core.evaluate.statistics.comparison import compare_methods
from drasclr_core.evaluate.statistics.resampling import readout_draws
from drasclr_core.evaluate.survival.concordance import concordance
from drasclr_core.evaluate.survival.covariates import survival_data
from drasclr_core.evaluate.survival.cross_validation import compare_survival
from drasclr_core.evaluate.survival.risk_groups import curves, log_rank, tertiles
from drasclr_core.evaluate.tasks import Task

from .survival.deaths import subject_table

LOG, HISTORY = Task("log", "FEV1pp"), Task("history", "exacerbations", classes=(0, 1))


def scores(values, method="a", **other):
    rows = [{"method": method, "task": "t", "metric": "accuracy", "repeat": 0, "fold": k, "value": value}
            for k, value in enumerate(values)]  # fmt: skip
    return pd.DataFrame(rows).assign(n_train=8, n_test=2, **other)


def test_three_subjects_are_refused_by_survival():
    features, subjects = subject_table(3)
    with pytest.raises(ValueError, match=r"of 3 subjects died, at least 10 deaths are needed"):
        compare_survival(survival_data(subjects, {"x": features}, ["x"]), folds=5)


def test_three_subjects_have_a_concordance_and_thirds():
    test = (np.array([10.0, 20.0, 30.0]), np.array([True, False, True]))
    train = (np.array([10.0, 20.0, 30.0, 40.0]), np.array([True, False, True, False]))
    assert concordance(np.array([3.0, 2.0, 1.0]), test, train, 25.0) == 1
    assert concordance(np.array([1.0, 2.0, 3.0]), test, train, 25.0) == 0
    assert tertiles([0.1, 0.2, 0.3], [0, 0, 0]).tolist() == [0, 1, 2]


def test_labels_that_are_all_missing(cohort):
    features, subjects = cohort()
    result = compare_readouts({"x": features}, subjects.assign(exacerbations=np.nan), [LOG, HISTORY])
    assert result.skipped == {"history": "only 0 subjects have features and a label, 10 are needed for 5 folds"}
    assert set(result.scores["task"]) == {"log"}


def test_missing_labels_are_never_tested_and_never_shuffled_in(cohort):
    features, subjects = cohort()
    subjects.loc[:9, "FEV1pp"] = np.nan
    result = readout(features, subjects, LOG, "x")
    assert not set(result.predictions["sid"]) & set(subjects["sid"][:10])
    shuffled = permutation_scores(features, subjects, [LOG], "x", 2)
    assert shuffled["value"].notna().all()


def test_a_tested_fold_with_one_label_only(cohort):
    """One ill subject of ten: four of the five tested folds hold healthy ones alone, and are scored all the same."""
    features, subjects = cohort(count=10)
    subjects["exacerbations"] = [1] + [0] * 9
    result = readout(features, subjects, HISTORY, "x")
    assert len(result.scores) == 5 and result.scores["value"].between(0, 100).all()
    tested = result.predictions.groupby("fold")["true"].nunique()
    assert (tested == 1).sum() == 4


def test_outcomes_that_are_missing_leave_the_subject_out_of_survival():
    features, subjects = subject_table(60)
    subjects.loc[:3, "died"] = np.nan
    subjects.loc[4, "days"] = np.nan
    data = survival_data(subjects, {"x": features}, ["x"])
    assert len(data.outcomes) == 55 and data.left_out == 5
    assert compare_survival(data, folds=3, repeats=1).predictions["sid"].nunique() == 55


def test_a_fold_without_a_comparable_pair_has_no_score_and_does_not_spoil_the_mean():
    table = summarise(scores([0.7, np.nan, 0.9]))
    assert table["mean"].iloc[0] == pytest.approx(0.8) and table["folds"].iloc[0] == 3
    assert np.isnan(summarise(scores([np.nan, np.nan]))["mean"].iloc[0])


def test_groups_that_are_censored_only():
    days, group = np.array([5.0, 6.0, 7.0, 8.0]), np.array([0, 0, 1, 1])
    table = curves(days, np.zeros(4), group)
    assert (table[["survival", "low", "high"]] == 1).all(axis=None)
    assert np.isnan(log_rank(days, np.zeros(4), group)).all()


def test_a_method_that_has_no_score_at_all_is_compared_as_unknown():
    both = pd.concat([scores([1.0, 2.0, 3.0]), scores([np.nan] * 3, "b")])
    row = compare_methods(both, "a").iloc[0]
    assert np.isnan(row[["difference", "p_two_sample", "p_corrected", "p_two_sample_holm"]].astype(float)).all()


def test_perfect_and_random_predictions_when_subjects_are_drawn_again():
    true = np.tile([0, 1], 20)
    parts = [("perfect", true), ("wrong", 1 - true), ("random", np.repeat([0, 1], 20))]
    predictions = pd.concat(
        pd.DataFrame({"method": name, "task": "t", "repeat": 0, "subject": range(40), "true": true, "predicted": guess})
        for name, guess in parts
    )
    draws = readout_draws(predictions, pd.DataFrame({"task": ["t"], "metric": ["accuracy"]}), 50)
    spans = draws.groupby("method")["value"].agg(["min", "max"])
    assert spans.loc["perfect"].tolist() == [100, 100] and spans.loc["wrong"].tolist() == [0, 0]
    assert spans.loc["random", "min"] < 50 < spans.loc["random", "max"]


def test_labels_that_score_the_same_however_shuffled_have_a_p_value_of_one(cohort):
    features, subjects = cohort(count=30)
    result = readout(features, subjects, HISTORY, "x", model=chance_model)
    shuffled = scores([result.scores["value"].mean()] * 3, "x").assign(task="history", permutation=range(3))
    assert permutation_test(result, shuffled)["p"].iloc[0] == 1
