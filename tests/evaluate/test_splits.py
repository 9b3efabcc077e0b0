"""No subject is on both sides of any split in the project: outer folds, inner folds, and what stops a training."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drasclr_core.detect.boxes.folds import fold_of_groups, fold_of_subjects, validation_split
from drasclr_core.evaluate.folds import splits
from drasclr_core.evaluate.readout.cross_validation import cross_validate
from drasclr_core.evaluate.readout.linear import linear_model
from drasclr_core.evaluate.supervised import volume_model
from drasclr_core.evaluate.survival import cox
from drasclr_core.evaluate.survival import cross_validation as survival
from drasclr_core.evaluate.survival.covariates import survival_data
from drasclr_core.evaluate.tasks import Task

from .survival.deaths import simulate, subject_table

GRADED, CONTINUOUS = Task("grade", "x", classes=(0, 1, 2)), Task("log", "x")
QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SEEDS = st.integers(0, 2**16)


class Spy:
    """A model that remembers whom it was fitted to, and meets nobody again; the input is each subject's number."""

    def __init__(self, met):
        self.met = met

    def fit(self, inputs, labels):
        self.seen = set(inputs[:, 0])
        return self

    def predict(self, inputs):
        assert not self.seen & set(inputs[:, 0])
        self.met.append((self.seen, set(inputs[:, 0])))
        return np.zeros(len(inputs))


@QUICK
@given(st.integers(10, 50), st.integers(2, 5), st.integers(1, 3), st.sampled_from([GRADED, CONTINUOUS]), SEEDS)
def test_readouts_of_features_and_of_scans(count, folds, repeats, task, seed):
    """`cross_validate` is the path of the linear readouts and of the supervised network."""
    rng, met = np.random.default_rng(seed), []
    labels = rng.integers(0, 3, count) if task.classes else rng.standard_normal(count)
    numbers = np.arange(count, dtype=float)[:, None]
    labels[0] = labels[1] + 1 if labels[1] < 2 else 0  # of one label only there is nothing to cross-validate
    cross_validate(numbers, pd.Series(labels), task, "x", folds, repeats, seed, lambda *_: Spy(met))
    assert len(met) == folds * repeats
    for repeat in range(repeats):
        part = met[repeat * folds : (repeat + 1) * folds]
        assert sorted(subject for _, tested in part for subject in tested) == list(range(count))
        assert all(seen | tested == set(range(count)) for seen, tested in part)


@QUICK
@given(st.integers(6, 50), SEEDS)
def test_inner_folds_of_the_linear_readout_lie_within_its_training_subjects(count, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    if len(set(labels)) > 1:
        inner = linear_model(GRADED, labels, rng)[-1].cv
        assert all(not set(train) & set(test) for train, test in inner)
        assert all(len(train) + len(test) == count for train, test in inner)


@pytest.fixture
def dealt(monkeypatch):
    """What `splits` gave the survival models and the choice of their penalty: (sizes, train, test)."""
    seen = []

    def watched(fold):
        for train, test in splits(fold):
            seen.append((len(fold), set(train), set(test)))
            yield train, test

    for module in (cox, survival):
        monkeypatch.setattr(module, "splits", watched)
    return seen


def test_survival_runs_and_the_choice_of_their_penalty(dealt):
    features, subjects = subject_table(60)
    survival.compare_survival(survival_data(subjects, {"x": features}, ["x"]), folds=3, repeats=2)
    outer = [split for split in dealt if split[0] == 60]
    inner = [split for split in dealt if split[0] < 60]
    assert len(outer) == 2 * 2 * 3 and len(inner) == len(outer) * cox.INNER_FOLDS
    for count, train, test in dealt:
        assert not train & test and train | test == set(range(count))
    assert {count for count, *_ in inner} == {40}  # the training subjects alone


def test_a_survival_model_never_meets_a_tested_subject(monkeypatch):
    """By their columns: each subject's first column is unlike all others."""
    fitted, fit = [], cox.fit_cox

    def watched(columns, *arguments):
        model = fit(columns, *arguments)
        fitted.append(set(columns[-1][:, 0]))
        predict = type(model).log_risk

        def log_risk(self, columns):
            assert not fitted[-1] & set(columns[-1][:, 0])
            return predict(self, columns)

        monkeypatch.setattr(cox.Cox, "log_risk", log_risk)
        return model

    monkeypatch.setattr(survival, "fit_cox", watched)
    features, subjects = subject_table(60)
    survival.compare_survival(survival_data(subjects, {"x": features}, ["x"]), folds=3, repeats=1)
    assert len(fitted) == 6


@QUICK
@given(st.integers(8, 40), SEEDS)
def test_inner_folds_of_survival(count, seed):
    """The penalty is chosen by models that see a part of the given subjects, each left out once."""
    columns, days, died = simulate(count, seed=seed)
    rng, used = np.random.default_rng(seed), []
    original = cox._path
    try:
        cox._path = lambda covariates, *rest: used.append(len(covariates)) or original(covariates, *rest)
        if died.sum() >= 2:
            cox.choose_penalty(columns, np.ones(3), days, died, rng)
            assert len(used) == min(cox.INNER_FOLDS, died.sum())
            assert sum(count - size for size in used) == count
    finally:
        cox._path = original


BOXES = st.lists(st.tuples(st.integers(0, 15), st.integers(1, 4)), min_size=4, max_size=24)


def boxes(own, seed):
    """sids [N] and, one for each subject, labels [N] of boxes; `own`: (subject, number of boxes)."""
    sids = np.array([f"S{subject:02d}" for subject, number in own for _ in range(number)])
    ill = dict(zip(sorted(set(sids)), np.random.default_rng(seed).random(len(set(sids))) < 0.5, strict=True))
    return sids, np.array([ill[sid] for sid in sids])


@QUICK
@given(BOXES, st.integers(2, 5), SEEDS)
def test_boxes_of_a_subject_stay_together_in_all_folds_of_detection(own, folds, seed):
    sids, labels = boxes(own, seed)
    outer = pd.DataFrame({"sid": sids, "subtype": np.where(labels, "paraseptal", "healthy")})
    by_subject = pd.Series(sids).map(fold_of_subjects(outer, folds, seed)).to_numpy()
    for fold in (by_subject, fold_of_groups(sids, labels, folds, seed)):
        for train, test in splits(fold):
            assert not set(sids[train]) & set(sids[test])


@QUICK
@given(BOXES, SEEDS)
def test_who_stops_the_fine_tuning_does_not_train_and_both_labels_train(own, seed):
    sids, labels = boxes(own, seed)
    held_out = validation_split(sids, labels, seed)
    assert not set(sids[held_out]) & set(sids[~held_out])
    assert set(labels[~held_out]) == set(labels)


def test_who_stops_the_network_on_scans_does_not_train(monkeypatch):
    """Training batches and the scans of the validation loss have no scan in common, and together are all."""
    seen = {True: set(), False: set()}
    loss = volume_model._loss

    def watched(network, scans, grades):
        # A mirrored and shifted scan is known again by its mean.
        means = scans.mean(dim=(1, 2, 3, 4))
        seen[network.training] |= {int((known - mean).abs().argmin()) for mean in means}
        return loss(network, scans, grades)

    monkeypatch.setattr(volume_model, "_loss", watched)
    cubes = np.random.default_rng(0).integers(-1000, 0, (15, 8, 8, 8), dtype=np.int16)
    cubes = (cubes // 4 + 20 * np.arange(15)[:, None, None, None]).astype(np.int16)
    known = volume_model._scaled(cubes).mean(dim=(1, 2, 3, 4))
    config = volume_model.CNNConfig(epochs=2, width=2)
    volume_model.VolumeModel((0, 1, 2), config).fit(cubes, np.arange(15) % 3)
    assert not seen[True] & seen[False]
    assert len(seen[True] | seen[False]) == 15
