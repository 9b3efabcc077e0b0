"""Leaks: shuffled labels give chance for every task through the whole path, and a leak that is planted is caught.

Each check is a number: how far shuffled labels lead over chance, on average. The same bound must hold for the honest
path and be broken by a path with a leak, as a check that cannot fail says nothing.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_selection import SelectKBest, f_classif, f_regression
from sklearn.metrics import roc_auc_score

from drasclr_core.detect.readouts.readouts import fit_readout, linear_predictions
from drasclr_core.evaluate.readout.linear import chance_model, linear_model
from drasclr_core.evaluate.readout.permutation import permutation_scores
from drasclr_core.evaluate.readout.readout import readout
from drasclr_core.evaluate.survival.covariates import survival_data
from drasclr_core.evaluate.survival.cross_validation import compare_survival
from drasclr_core.evaluate.tasks import COVID_SEVERITY, PHENOTYPES, labels_of

from ..detect.conftest import boxes_of
from .survival.deaths import subject_table

TASKS = (*PHENOTYPES, COVID_SEVERITY)
BOUND = {"R2": 0.06, "accuracy": 6.0}
C_BOUND = 0.58
AUC_BOUND = 0.65
SHUFFLES, FOLDS = 3, 3

pytestmark = pytest.mark.usefixtures("few_inner_folds")


@pytest.fixture(scope="module")
def people():
    """120 features of 48 subjects, and labels of every task that follow from the first of them."""
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((48, 120))
    grade = np.argsort(np.argsort(matrix[:, 0])) / 48
    labels = {"sid": [f"S{number:02d}" for number in range(48)]}
    for task in TASKS:
        values = np.exp(4 + 0.3 * matrix[:, 0]) if task.classes is None else (grade * len(task.classes)).astype(int)
        labels[task.column] = values
    features = pd.DataFrame(matrix, columns=[f"f{number:03d}" for number in range(120)])
    return features.assign(sid=labels["sid"]), pd.DataFrame(labels)


def chosen_with_all_labels(features, subjects, task, keep=5):
    """The planted leak: the features that go best with the labels of all subjects, tested ones included."""
    labels = labels_of(subjects, task)
    matrix = features.set_index("sid").loc[labels.index]
    test = f_regression if task.classes is None else f_classif
    names = SelectKBest(test, k=keep).fit(matrix, labels).get_feature_names_out()
    return features[["sid", *names]]


def others(subjects, number):
    """The same subjects, each with the labels of another one."""
    return subjects.assign(sid=np.random.default_rng(number).permutation(subjects["sid"]))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_shuffled_labels_give_chance_and_a_planted_leak_does_not(people, task):
    features, subjects = people
    metric, few = task.metrics[0], ["sid", *(f"f{number:03d}" for number in range(5))]
    honest = permutation_scores(features[few], subjects, [task], "x", SHUFFLES, FOLDS).query("metric == @metric")[
        "value"
    ]
    chance, leaking = [], []
    for number in range(SHUFFLES - 1):
        mixed = others(subjects, number)
        for scores, table, model in (
            (chance, features[few], chance_model),
            (leaking, chosen_with_all_labels(features, mixed, task), linear_model),
        ):
            result = readout(table, mixed, task, "x", FOLDS, 1, number, model).scores
            scores.append(result.query("metric == @metric")["value"].mean())
    assert honest.mean() - np.mean(chance) < BOUND[metric]
    assert np.mean(leaking) - np.mean(chance) > BOUND[metric]


def test_shuffled_deaths_give_chance_and_a_planted_leak_does_not():
    """Follow-up and death stay together, and belong to the features and confounders of somebody else."""
    features, subjects = subject_table(100, effect=2.0)
    rng = np.random.default_rng(0)
    noise = pd.DataFrame(rng.standard_normal((100, 150)), columns=[f"n{number:03d}" for number in range(150)])
    reached = {"honest": [], "leaking": []}
    for number in range(3):
        order = np.random.default_rng(number).permutation(100)
        mixed = subjects.assign(**{name: subjects[name].to_numpy()[order] for name in ("days", "died")})
        with_early_death = noise.corrwith(mixed["died"] / mixed["days"], method="spearman").abs()
        lucky = noise[with_early_death.nlargest(6).index].assign(sid=subjects["sid"])
        for name, table in (("honest", features), ("leaking", lucky)):
            scores = compare_survival(survival_data(mixed, {"x": table}, ["x"]), 3, 1, number).scores
            reached[name].append(scores.query("method == 'x'")["value"].mean())
    assert np.mean(reached["honest"]) < C_BOUND
    assert np.mean(reached["leaking"]) > C_BOUND + 0.05


def test_shuffled_boxes_give_chance_and_folds_by_box_do_not():
    """A subject looks the same in all its boxes; which subjects are ill is drawn at random.

    Folds of whole subjects find nothing. Folds of single boxes know the subject again, and with it the label.
    """
    reached = {"honest": [], "leaking": []}
    for number in range(4):
        boxes, rng = boxes_of(subjects=20, each=4, seed=number, planted=False), np.random.default_rng(number)
        own = rng.standard_normal((20, 10))[boxes.table["sid"].factorize()[0]]
        looks = own + 0.3 * rng.standard_normal(own.shape)
        by_box = dataclasses.replace(boxes, fold=np.arange(len(own)) % 5)
        for name, dealt in (("honest", boxes), ("leaking", by_box)):
            table = linear_predictions(dealt, fit_readout(dealt, ["centrilobular"], "x", looks))
            parts = [part for _, part in table.groupby("fold") if part["true"].nunique() == 2]
            reached[name].append(np.mean([roc_auc_score(part["true"], part["probability"]) for part in parts]))
    assert np.mean(reached["honest"]) < AUC_BOUND
    assert np.mean(reached["leaking"]) > AUC_BOUND
