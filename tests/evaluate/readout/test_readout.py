"""Readouts: perfect, useless, constant and broken features; who is tested; nothing leaks."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.readout.cross_validation import concat_readouts
from drasclr_core.evaluate.readout.linear import chance_model, linear_model
from drasclr_core.evaluate.readout.readout import compare_readouts, readout
from drasclr_core.evaluate.scores import summarise
from drasclr_core.evaluate.tasks import COVID_SEVERITY, Task

LOG = Task("logFEV1pp", "FEV1pp")
GOLD = Task("GOLD", "GOLD", classes=(0, 1, 2, 3, 4), excluded=(-1,))
PARASEPTAL = Task("Paraseptal", "paraseptal", classes=(0, 1, 2))
HISTORY = Task("AE History", "exacerbations", classes=(0, 1))
TASKS = (LOG, GOLD, PARASEPTAL, HISTORY, COVID_SEVERITY)


def mean(result, metric="accuracy"):
    return result.scores.query("metric == @metric")["value"].mean()


def test_perfect_features_give_nearly_perfect_scores(cohort):
    features, subjects = cohort(count=100, signal=1.0)
    assert mean(readout(features, subjects, LOG, "x"), "R2") > 0.99
    assert mean(readout(features, subjects, HISTORY, "x")) > 90
    gold = readout(features, subjects, GOLD, "x")
    assert mean(gold) > 75
    assert mean(gold, "1-off") == 100
    assert mean(readout(features, subjects, COVID_SEVERITY, "x"), "kappa") > 0.9


def test_unrelated_features_give_chance(cohort):
    features, subjects = cohort(count=120, dimensions=60, signal=0.0)
    for task, metric in ((LOG, "R2"), (PARASEPTAL, "accuracy"), (HISTORY, "accuracy")):
        learned, chance = (
            mean(readout(features, subjects, task, "x", repeats=3, model=model), metric)
            for model in (linear_model, chance_model)
        )
        assert abs(learned - chance) < (0.1 if metric == "R2" else 10), task


def test_a_constant_feature_predicts_like_chance(cohort):
    _, subjects = cohort()
    constant = pd.DataFrame({"sid": subjects["sid"], "f000": 3.0})
    for task in TASKS:
        flat, chance = (
            readout(constant, subjects, task, "x", model=model).predictions["predicted"]
            for model in (linear_model, chance_model)
        )
        assert flat.to_numpy() == pytest.approx(chance.to_numpy(), abs=1e-6)


def test_every_subject_is_tested_once_per_repeat_and_trained_on_otherwise(cohort):
    features, subjects = cohort(count=33)
    result = readout(features, subjects, GOLD, "x", folds=4, repeats=3)
    for _, part in result.predictions.groupby("repeat"):
        assert sorted(part["sid"]) == sorted(subjects["sid"])
    assert (result.scores["n_train"] + result.scores["n_test"] == 33).all()
    assert len(result.scores) == 4 * 3 * 2


def test_a_tested_subject_does_not_influence_its_own_fold(cohort):
    """A tested subject with absurd features changes its own prediction, and none of its fold mates'."""
    features, subjects = cohort(count=40)
    before = readout(features, subjects, LOG, "x").predictions.set_index("sid")
    fold_of_first = before.loc["S000", "fold"]
    mates = before.index[(before["fold"] == fold_of_first) & (before.index != "S000")]
    features.loc[0, "f000"] = 50.0
    after = readout(features, subjects, LOG, "x").predictions.set_index("sid")
    assert after.loc[mates, "predicted"].to_numpy() == pytest.approx(before.loc[mates, "predicted"].to_numpy())
    assert abs(after.loc["S000", "predicted"] - before.loc["S000", "predicted"]) > 1


def test_missing_labels_are_dropped_and_counted(cohort):
    features, subjects = cohort()
    subjects["GOLD"] = subjects["GOLD"].astype(float)
    subjects.loc[:4, "GOLD"] = np.nan
    subjects.loc[5, "GOLD"] = -1
    result = readout(features.iloc[:-2], subjects, GOLD, "x")
    assert (result.scores["n_unlabelled"] == 6).all()
    assert len(result.predictions) == 60 - 6 - 2


def test_rare_grade_is_tested_but_cannot_be_learned(cohort):
    features, subjects = cohort(count=30)
    subjects["paraseptal"] = 0
    subjects.loc[:9, "paraseptal"] = 1
    subjects.loc[29, "paraseptal"] = 2
    result = readout(features, subjects, PARASEPTAL, "x").predictions.set_index("sid")
    assert len(result) == 30
    assert result.loc["S029", "predicted"] != 2


def test_one_class_training_fold_predicts_that_class(cohort):
    features, subjects = cohort(count=12)
    subjects["exacerbations"] = [1] + [0] * 11
    result = readout(features, subjects, HISTORY, "x").predictions.set_index("sid")
    assert result.loc["S000", "predicted"] == 0
    assert result.drop("S000")["predicted"].isin([0, 1]).all()


def test_what_cannot_be_evaluated_says_why(cohort):
    features, subjects = cohort(count=9)
    with pytest.raises(ValueError, match="only 9 subjects have features and a label, 10 are needed for 5 folds"):
        readout(features, subjects, LOG, "x")
    features, subjects = cohort()
    with pytest.raises(ValueError, match="all 60 subjects have the same label"):
        readout(features, subjects.assign(GOLD=0), GOLD, "x")
    with pytest.raises(ValueError, match="subject 'S000' twice"):
        readout(pd.concat([features, features.iloc[:1]]), subjects, GOLD, "x")
    features.loc[3, "f001"] = np.nan
    with pytest.raises(ValueError, match="missing values for 1 subjects, first 'S003'"):
        readout(features, subjects, GOLD, "x")


def test_order_of_rows_does_not_matter_and_seed_does(cohort):
    features, subjects = cohort()
    one = readout(features, subjects, GOLD, "x")
    other = readout(features.sample(frac=1, random_state=0), subjects.sample(frac=1, random_state=1), GOLD, "x")
    pd.testing.assert_frame_equal(one.predictions, other.predictions)
    different = readout(features, subjects, GOLD, "x", seed=1).predictions
    assert (one.predictions["sid"] != different["sid"]).any()


def test_methods_are_compared_on_the_same_subjects_and_folds(cohort):
    features, subjects = cohort(count=50)
    subjects["CLE"] = 1
    other = features[["sid", "f000"]].iloc[6:]
    tasks = [LOG, GOLD, Task("CLE", "CLE", classes=(0, 1, 2)), Task("x", "unknown")]
    result = compare_readouts({"all": features, "one": other}, subjects, tasks)
    assert result.skipped == {
        "CLE": "all 44 subjects have the same label",
        "x": "no column 'unknown' in the subject table",
    }
    tables = [part.drop(columns=["method", "predicted"]) for _, part in result.predictions.groupby("method")]
    assert len(tables) == 3
    for table in tables[1:]:
        pd.testing.assert_frame_equal(tables[0].reset_index(drop=True), table.reset_index(drop=True))
    assert list(dict.fromkeys(result.scores["method"])) == ["chance", "all", "one"]


def test_nothing_to_evaluate_is_an_error(cohort):
    features, subjects = cohort(count=8)
    with pytest.raises(ValueError, match="no task can be evaluated"):
        compare_readouts({"x": features}, subjects, [LOG])


def test_severity_with_missing_grades_and_in_a_cohort_of_three(cohort):
    features, subjects = cohort(count=30)
    subjects.loc[[3, 7], "mosmed_grade"] = np.nan
    result = readout(features, subjects, COVID_SEVERITY, "x", folds=3)
    assert not {"S003", "S007"} & set(result.predictions["sid"])
    assert (result.scores["n_unlabelled"] == 2).all()
    features, subjects = cohort(count=3)
    with pytest.raises(ValueError, match="only 3 subjects have features and a label, 10 are needed for 3 folds"):
        readout(features, subjects, COVID_SEVERITY, "x", folds=3)


def test_a_fold_of_one_grade_leaves_kappa_empty_and_the_mean_goes_on(cohort):
    """Two of three folds hold grade 0 only, and everybody is predicted to have it."""
    features, subjects = cohort(count=12, signal=0.0)
    subjects["mosmed_grade"] = [4] + [0] * 11
    result = readout(features, subjects, COVID_SEVERITY, "x", folds=3, model=chance_model)
    values = result.scores.query("metric == 'kappa'")["value"]
    assert sorted(values.fillna(-1)) == [-1, -1, 0]
    row = summarise(result.scores).query("metric == 'kappa'").iloc[0]
    assert (row["mean"], row["folds"], row["subjects"]) == (0, 3, 12)


def test_readouts_of_the_same_folds_are_put_together_in_the_order_asked_for(cohort):
    features, subjects = cohort(count=20)
    one, two = (readout(features, subjects, COVID_SEVERITY, name, folds=2) for name in "ab")
    joined = concat_readouts([one, two], ["b", "a"])
    assert list(dict.fromkeys(joined.scores["method"])) == ["b", "a"]
    assert len(joined.predictions) == 40
