"""Shuffled labels: chance where there is nothing to find, and small p values where there is."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.readout.cross_validation import Readout
from drasclr_core.evaluate.readout.permutation import against_shuffled, permutation_scores, permutation_test
from drasclr_core.evaluate.readout.readout import readout
from drasclr_core.evaluate.tasks import COVID_SEVERITY, Task

LOG = Task("logFEV1pp", "FEV1pp")
HISTORY = Task("AE History", "exacerbations", classes=(0, 1))


def test_signal_is_told_from_luck(cohort):
    features, subjects = cohort(count=60, dimensions=6, signal=0.8)
    shuffled = permutation_scores(features, subjects, [LOG], "x", n_permutations=19)
    test = permutation_test(readout(features, subjects, LOG, "x"), shuffled).iloc[0]
    assert test["p"] == pytest.approx(1 / 20)
    assert test["permutation_mean"] < 0.05 < 0.5 < test["observed"]


def test_severity_is_told_from_luck_by_both_its_metrics(cohort):
    features, subjects = cohort(count=50, dimensions=4, signal=0.9)
    shuffled = permutation_scores(features, subjects, [COVID_SEVERITY], "x", n_permutations=3, folds=2)
    real = readout(features, subjects, COVID_SEVERITY, "x", folds=2)
    test = permutation_test(real, shuffled).set_index("metric")
    assert test["p"].to_dict() == pytest.approx({"accuracy": 0.25, "kappa": 0.25})
    assert abs(test.loc["kappa", "permutation_mean"]) < 0.2 < 0.6 < test.loc["kappa", "observed"]


def test_shuffles_differ_and_are_the_same_again(cohort):
    features, subjects = cohort(count=40, signal=1.0)
    one, again = (permutation_scores(features, subjects, [LOG, HISTORY], "x", n_permutations=3) for _ in range(2))
    pd.testing.assert_frame_equal(one, again)
    assert one.query("metric == 'R2'")["value"].nunique() == 3
    assert len(one) == 6


def test_p_value_by_hand():
    keys = {"method": "x", "task": "t", "metric": "accuracy"}
    scores = pd.DataFrame([{**keys, "repeat": 0, "fold": k, "value": v} for k, v in enumerate((60.0, 80.0))])
    scores = pd.concat([scores, scores.assign(repeat=1, value=0.0)])
    shuffled = pd.DataFrame([{**keys, "permutation": k, "value": v} for k, v in enumerate((50.0, 70.0, 71.0, 10.0))])
    test = permutation_test(Readout(scores, pd.DataFrame()), shuffled).iloc[0]
    assert test["observed"] == 70
    assert test["p"] == pytest.approx(3 / 5)


def test_without_a_score_there_is_no_p_value():
    assert np.isnan(against_shuffled(float("nan"), pd.Series([0.1, 0.2]))[3])
    assert np.isnan(against_shuffled(0.5, pd.Series([np.nan] * 19))[3])
    observed, mean, _, p = against_shuffled(0.5, pd.Series([np.nan, 0.2, 0.6, np.nan]))
    assert (observed, mean, p) == (0.5, pytest.approx(0.4), pytest.approx(2 / 3))
