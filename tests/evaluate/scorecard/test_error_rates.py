"""How often the rules of the scorecard are wrong: simulated studies, and the table of a run."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.scorecard.error_rates import OF_SEVERAL, RATES, RIVALS, Studies, verdict_error_rates
from drasclr_core.evaluate.scorecard.verdicts import NOT_REPRODUCED, REPRODUCED


@pytest.mark.parametrize(("metric", "subjects", "level", "paper"), [("R2", 64, 0.5, 0.11), ("accuracy", 48, 60, 4.2)])
def test_without_an_advantage_reproduced_is_said_in_at_most_5_percent(metric, subjects, level, paper):
    rates = Studies(metric, subjects, studies=200, folds=5, seed=1).rates(level, 0.0, paper)
    assert rates[REPRODUCED] <= 0.05


def test_a_large_advantage_is_found_and_seldom_refuted():
    study = Studies("R2", 128, studies=100, folds=5, seed=0)
    none, there = study.rates(0.3, 0.0, 0.3), study.rates(0.3, 0.3, 0.3)
    assert there[REPRODUCED] > 0.5 > 0.05 > none[REPRODUCED]
    assert there[NOT_REPRODUCED] <= 0.08 and none[NOT_REPRODUCED] > 0.5


def test_an_advantage_over_each_of_several_is_refuted_as_seldom_as_one_over_one():
    """The best of six equals is so by luck: a bootstrap of the highest refuted 17 % of true claims."""
    rates = Studies("accuracy", 127, studies=200, folds=5, seed=0).rates(60.0, 2.2, 2.2, rivals=RIVALS)
    assert rates[NOT_REPRODUCED] <= 0.06 and rates[REPRODUCED] <= 0.05


def test_simulated_methods_are_as_good_as_asked():
    study = Studies("accuracy", 60, studies=200, folds=5, seed=0)
    worth = np.interp(45.0, study.scores, np.linspace(0.02, 0.98, 25))
    assert study._drawn(study._predict(study.noise[1], np.array(worth)))[0].mean() == pytest.approx(45, abs=1.0)
    assert np.isnan(study.rates(95.0, 4.0, 4.0)[REPRODUCED])


def test_held_out_predictions_are_those_of_least_squares():
    study = Studies("R2", 40, studies=2, folds=4, seed=0)
    predicted = study._predict(study.noise[0], np.array(0.5))
    features = np.sqrt(1 / 8) * study.label[1][:, None] + study.noise[0, 1]
    columns, tested = np.c_[features, np.ones(40)], study.fold[1] == 2
    weights = np.linalg.lstsq(columns[~tested], study.label[1][~tested], rcond=None)[0]
    assert predicted[1][tested] == pytest.approx(columns[tested] @ weights)


def test_the_table_has_the_sizes_of_the_run_and_the_papers_effects():
    row = {"rule": "better", "file": "table4", "metric": "accuracy", "subjects": 40, "level": 50.0}
    found = pd.DataFrame([row | {"paper": paper} for paper in (2.0, 6.0, 20.0, -1.0)])
    others = pd.DataFrame([row | {"subjects": 20, "file": "few"}, row | {"metric": "F1"}, row | {"rule": "alike"}])
    table = verdict_error_rates(pd.concat([found, others.assign(paper=3.0)]), studies=20)
    assert list(table["effect"]) == [2, 6, 20] and set(table["file"]) == {"table4"}
    assert (table["subjects"] == 40).all() and table[[*RATES, *OF_SEVERAL]].stack().between(0, 1).all()
    assert table["false_reproduced"].nunique() == 1
    assert verdict_error_rates(found.assign(subjects=12)).empty
