"""Supervised rows never see a tested subject's labels: with nothing to learn they score as chance does.

A leak that is planted scores high on the same labels.
"""

from itertools import count

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from drasclr_core.evaluate.readout.cross_validation import cross_validate
from drasclr_core.evaluate.readout.readout import compare_readouts
from drasclr_core.evaluate.supervised import volume_model
from drasclr_core.evaluate.supervised.set_model import trained_readout
from drasclr_core.evaluate.supervised.slices_cnn import SlicesConfig
from drasclr_core.evaluate.supervised.subject2vec import Subject2VecSettings
from drasclr_core.evaluate.supervised.subject_vectors import SubjectVectors
from drasclr_core.evaluate.supervised.volume_model import VolumeModel
from drasclr_core.evaluate.tasks import Task, labels_of

from .sets import SetStore, vectors

FEV1, GRADE = Task("logFEV1pp", "FEV1pp"), Task("grade", "grade", classes=(0, 1, 2))
BOUND = {"R2": 0.3, "accuracy": 60.0}
"""Between what nothing to learn gives (0 and 33, with the spread of few subjects) and what memory gives."""


@pytest.fixture(scope="module")
def people():
    """16 subjects whose labels have nothing to do with their scans."""
    made = vectors(None, SetStore(16), seed=3, settings=Subject2VecSettings(epochs=15, dropout=0.0))
    table = pd.DataFrame({"sid": made.store.sids, "FEV1pp": np.exp(made.targets["logFEV1pp"]).to_numpy()})
    return made, table.assign(grade=np.random.default_rng(1).permutation(np.arange(16) % 3))


def trained_in(folder, made, targets=None):
    targets = made.targets if targets is None else targets
    return SubjectVectors(made.store, made.size, targets, made.settings, folder)


def test_vectors_that_everybody_trained_are_caught(people, tmp_path):
    made, table = people
    honest = trained_in(tmp_path, made)
    leaking = lambda training: honest(made.store.sids)  # noqa: E731
    reached = [trained_readout(one, table, FEV1, folds=2).scores["value"].mean() for one in (honest, leaking)]
    assert reached[0] < BOUND["R2"] < reached[1]


def test_labels_of_tested_subjects_change_no_prediction_of_theirs(people, tmp_path):
    """The spirometry of one fold's tested subjects is made absurd, while the grades that the table asks for stay."""
    made, table = people
    before = trained_readout(trained_in(tmp_path, made), table, GRADE, folds=2).predictions
    tested = before.query("fold == 0")["sid"]
    absurd = made.targets.copy()
    absurd.loc[tested] = np.random.default_rng(0).normal(0, 30, (len(tested), 2))
    after = trained_readout(trained_in(tmp_path, made, absurd), table, GRADE, folds=2).predictions
    same = before["fold"] == 0
    pd.testing.assert_frame_equal(before[same], after[same])


def test_folds_are_those_of_the_linear_readouts(people, tmp_path):
    made, table = people
    brief = SubjectVectors(made.store, made.size, made.targets, Subject2VecSettings(epochs=1), tmp_path)
    table = table.assign(grade=table["grade"].where(table["sid"] != "S3"))
    features = pd.DataFrame({"sid": table["sid"], "f0": np.arange(16.0)})
    linear = compare_readouts({"x": features}, table, [GRADE], folds=2)
    chance = linear.predictions.query("method == 'chance'").reset_index(drop=True)
    own = trained_readout(brief, table, GRADE, folds=2)
    same = ["task", "repeat", "fold", "sid", "true"]
    pd.testing.assert_frame_equal(own.predictions[same], chance[same])
    assert list(own.scores) == list(linear.scores) and (own.scores["n_unlabelled"] == 1).all()
    assert own.scores["alpha"].notna().all()


class Leaking(BaseEstimator):
    """The planted leak: whatever it is given to train on, it trains on everybody."""

    def __init__(self, model, cubes, labels):
        self.model, self.cubes, self.labels = model, cubes, labels

    def fit(self, cubes, labels):
        self.model.fit(self.cubes, self.labels)
        return self

    def predict(self, cubes):
        return self.model.predict(cubes)


@pytest.mark.parametrize("task", [FEV1, GRADE], ids=lambda task: task.name)
def test_a_network_on_scans_that_everybody_trained_is_caught(task, monkeypatch):
    """Both learn their scans by heart: nothing is varied, and nobody stops them early."""
    falling = count(0, -1)
    monkeypatch.setattr(VolumeModel, "_validation_loss", lambda *_: float(next(falling)))
    monkeypatch.setattr(volume_model, "_varied", lambda scans, rng: scans)
    rng = np.random.default_rng(2)
    cubes = rng.normal(-700, 300, (24, 8, 8, 8)).astype(np.int16)
    table = pd.DataFrame({"sid": [f"S{number:02d}" for number in range(24)]})
    table = table.assign(FEV1pp=np.exp(rng.standard_normal(24)), grade=rng.permutation(np.arange(24) % 3))
    labels, brief = labels_of(table, task), SlicesConfig(width=8, epochs=30, lr=3e-3)
    reached = []
    for leaks in (False, True):

        def model(task, own, rng, leaks=leaks):
            network = VolumeModel(task.classes, brief, 0)
            return Leaking(network, cubes, labels.to_numpy()) if leaks else network

        scores = cross_validate(cubes, labels, task, "x", 2, 1, 0, model).scores
        reached.append(scores.query("metric == @task.metrics[0]")["value"].mean())
    assert reached[0] < BOUND[task.metrics[0]] < reached[1]
