"""Vectors are trained by the labels of the training subjects alone, once for each set of them, and kept."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.anatomy import PatchStore
from drasclr_core.evaluate.supervised import subject_vectors
from drasclr_core.evaluate.supervised.set_model import trained_readout
from drasclr_core.evaluate.supervised.subject2vec import Subject2VecSettings
from drasclr_core.evaluate.supervised.subject_vectors import landmark_sets, read_set
from drasclr_core.evaluate.tasks import Task

from .sets import SetStore, vectors

TRAINING = [f"S{number}" for number in range(8)]
GRADE = Task("grade", "grade", classes=(0, 1))


@pytest.fixture
def trainings(monkeypatch):
    """Whom each training saw."""
    seen, train = [], subject_vectors.train

    def watched(store, size, targets, settings):
        seen.append(list(targets.index))
        return train(store, size, targets, settings)

    monkeypatch.setattr(subject_vectors, "train", watched)
    return seen


def with_targets(made, **changed):
    table = made.targets.copy()
    for sid, value in changed.items():
        table.loc[sid] = value
    return subject_vectors.SubjectVectors(made.store, made.size, table, made.settings, made.folder)


def test_labels_of_others_play_no_part_and_labels_of_training_subjects_do(tmp_path, trainings):
    made = vectors(tmp_path)
    before = made(TRAINING)
    assert before.index.tolist() == made.store.sids and before.shape[1] == 128
    others = {sid: 9.0 for sid in made.store.sids if sid not in TRAINING}
    pd.testing.assert_frame_equal(with_targets(made, **others)(TRAINING), before)
    assert trainings == [TRAINING]
    after = with_targets(made, S3=9.0)(TRAINING)
    assert len(trainings) == 2 and not np.allclose(after, before)


def test_the_same_training_subjects_train_once_in_any_order_and_for_any_table(tmp_path, trainings):
    first = vectors(tmp_path)(TRAINING)
    pd.testing.assert_frame_equal(vectors(tmp_path)(TRAINING[::-1]), first)
    assert len(trainings) == 1
    torch.manual_seed(99)
    elsewhere = vectors(tmp_path / "other")(TRAINING)
    pd.testing.assert_frame_equal(elsewhere, first)
    vectors(tmp_path, settings=Subject2VecSettings(epochs=1))(TRAINING)
    vectors(tmp_path)(TRAINING[1:])
    assert len(trainings) == 4


def test_a_killed_run_goes_on_with_the_training_that_was_not_finished(tmp_path, monkeypatch, trainings):
    whole = [vectors(tmp_path / "whole")(TRAINING[:n]) for n in (4, 5)]
    describe = subject_vectors.describe

    def killed(*arguments):
        if len(trainings) == 4:
            raise KeyboardInterrupt
        return describe(*arguments)

    monkeypatch.setattr(subject_vectors, "describe", killed)
    made = vectors(tmp_path / "killed")
    made(TRAINING[:4])
    with pytest.raises(KeyboardInterrupt):
        made(TRAINING[:5])
    again = [made(TRAINING[:n]) for n in (4, 5)]
    assert [len(seen) for seen in trainings] == [4, 5, 4, 5, 5]
    for one, other in zip(whole, again, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_subjects_without_spirometry_are_described_and_train_nothing(tmp_path, trainings):
    made = vectors(tmp_path)
    fewer = subject_vectors.SubjectVectors(made.store, made.size, made.targets.drop("S2"), made.settings, tmp_path)
    assert "S2" in fewer(TRAINING).index
    assert trainings == [[sid for sid in TRAINING if sid != "S2"]]
    with pytest.raises(ValueError, match="fewer than two training subjects"):
        fewer(["S2", "S3"])


def test_a_subject_without_patches_has_no_vector(tmp_path):
    store = SetStore()
    store.absent = ["S11"]
    made = vectors(tmp_path, store)
    assert made(TRAINING).index.tolist() == store.sids[:-1]
    people = pd.DataFrame({"sid": store.sids, "grade": np.arange(12) % 2})
    with pytest.raises(KeyError, match="S11: no patches for 'subject2vec'"):
        trained_readout(made, people, GRADE, folds=2)


def test_it_can_be_sent_to_another_process(tmp_path):
    tiny = SetStore()
    store = PatchStore.create(tmp_path / "patches.zarr", tiny.sids, 4, 4, 2.0)
    for number, sid in enumerate(tiny.sids):
        store.write(sid, tiny.patches[:, number])
    made = vectors(tmp_path, store)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(made))(TRAINING), made(TRAINING))


@given(st.integers(2, 60), st.integers(0, 70), st.integers(0, 70), st.integers(0, 2**16))
def test_sets_hold_every_landmark_once_and_are_nearly_of_one_size(landmarks, used, patches, seed):
    chosen = Subject2VecSettings(landmarks=used, patches=patches, seed=3)
    sets, others = (landmark_sets(landmarks, chosen, np.random.default_rng(number)) for number in (seed, 1))
    together, used = sorted(np.concatenate(sets)), min(used or landmarks, landmarks)
    assert len(set(together)) == len(together) == used and set(together) <= set(range(landmarks))
    assert together == sorted(np.concatenate(others))  # the same for all subjects, however they are dealt
    sizes = [len(one) for one in sets]
    assert max(sizes) - min(sizes) <= 1
    if not patches or patches >= used:
        assert sizes == [used]
    else:
        assert patches <= min(sizes) and max(sizes) < 2 * patches + (patches == 1)


def test_a_set_is_read_in_the_window_of_the_paper():
    store = SetStore()
    store.patches[2, 5], store.patches[0, 5] = -1024, 240
    patches = read_set(store, "S5", np.array([2, 0]), 2)
    assert patches.shape == (2, 2, 2, 2)
    assert (patches[0] == 0).all() and (patches[1] == 1).all()


def test_a_subject_is_the_mean_of_sets_that_hold_all_of_its_landmarks(tmp_path):
    made = vectors(tmp_path, settings=Subject2VecSettings(epochs=1, patches=2))
    network, losses = subject_vectors.train(made.store, made.size, made.targets, made.settings)
    assert len(losses) == 1
    found = subject_vectors.describe(network, made.store, made.size, ["S4"], made.settings)[0]
    sets = landmark_sets(4, made.settings, np.random.default_rng(made.settings.seed))
    with torch.inference_mode():
        parts = [network.eval().vector(read_set(made.store, "S4", one, made.size)[None])[0] for one in sets]
    assert len(sets) == 2
    assert found == pytest.approx(np.mean(np.stack(parts), axis=0), rel=1e-5)


def test_statistics_in_use_are_those_of_the_training_subjects(tmp_path):
    made = vectors(tmp_path)
    network, _ = subject_vectors.train(made.store, made.size, made.targets, made.settings)
    one = Subject2VecSettings(batch_size=len(TRAINING))
    subject_vectors.pool_statistics(network, made.store, made.size, TRAINING, one, np.random.default_rng(0))
    outputs = {}
    for number in (0, 7, 13):
        hook = lambda module, given, output, number=number: outputs.update({number: output})  # noqa: E731
        network.encoder[number]["conv"].register_forward_hook(hook)
    sets = subject_vectors.random_sets(made.store, TRAINING, made.size, one, np.random.default_rng(0))
    with torch.inference_mode():
        network.train().vector(sets)
    for number, output in outputs.items():
        norm = network.encoder[number]["norm"]
        torch.testing.assert_close(norm.running_mean, output.mean(dim=(0, 2, 3, 4)), atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(norm.running_var, output.transpose(0, 1).flatten(1).var(dim=1), atol=1e-4, rtol=1e-3)
