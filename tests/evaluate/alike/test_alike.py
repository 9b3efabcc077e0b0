"""Disease told from its look-alikes: by texture alone they are the same, with the place they are told apart."""

import numpy as np
import pytest

from drasclr_core.evaluate.alike import AlikePatches, alike_patches, alike_table, told_apart, with_place
from drasclr_core.represent.local.measures import LocalMeasures


@pytest.fixture
def cohort():
    """Disease lies in the first half of the landmarks, its look-alikes in the second; both are equally dark."""
    rng = np.random.default_rng(0)
    shape = (24, 20)
    dark = rng.uniform(0, 6, shape)
    upper = np.arange(20) < 10
    truth = {"emphysema": np.where(upper, dark, 0), "lookalike": np.where(upper, 0, dark)}
    measures = LocalMeasures(np.ones(shape), dark, np.zeros((*shape, 2)), truth)
    place = np.broadcast_to(np.linspace(-1, 1, 20)[:, None], (*shape, 1))
    return measures, dark[..., None], place


def test_patches_hold_one_of_the_two(cohort):
    measures, dark, _ = cohort
    patches = alike_patches(measures)
    assert (dark[patches.subjects, patches.landmarks, 0] >= 1).all()
    np.testing.assert_array_equal(patches.ill, patches.landmarks < 10)
    both = measures._replace(truth={name: np.full((24, 20), 5.0) for name in measures.truth})
    assert len(alike_patches(both).ill) == 0
    unknown = measures._replace(laa950=np.full((24, 20), np.nan))
    assert len(alike_patches(unknown).ill) == 0


def test_the_place_tells_them_apart(cohort):
    measures, dark, place = cohort
    patches = alike_patches(measures)
    told = {name: told_apart(values, patches, folds=3) for name, values in (("dark", dark), ("place", place))}
    table = alike_table(told, patches, "place", draws=200).set_index("method")
    assert table.loc["place", "auc"] > 0.99 and abs(table.loc["dark", "auc"] - 0.5) < 0.15
    assert table.loc["dark", "ahead_low"] > 0.2 and np.isnan(table.loc["place", "ahead"])
    assert (table["low"] <= table["auc"]).all() and (table["auc"] <= table["high"]).all()
    assert set(table["subjects"]) == {len(np.unique(patches.subjects))}


def test_labels_of_a_tested_subject_change_none_of_its_predictions(cohort):
    """Folds are dealt by the shares of disease, so both labellings must have the same shares: labels are exchanged."""
    measures, dark, _ = cohort
    patches = alike_patches(measures)
    features = np.concatenate([dark, np.random.default_rng(3).normal(size=(24, 20, 3))], axis=2)
    rows = np.flatnonzero(patches.subjects == 0)
    turned = patches.ill.copy()
    turned[rows] = turned[rows][::-1]
    first, second = (told_apart(features, patches._replace(ill=ill), folds=3) for ill in (patches.ill, turned))
    np.testing.assert_array_equal(first[rows], second[rows])


def test_the_place_is_put_beside_the_features(cohort):
    _, dark, _ = cohort
    locations = np.random.default_rng(0).uniform(-1, 1, (20, 3))
    both, alone = with_place(dark, locations), with_place(dark[..., :0], locations)
    np.testing.assert_array_equal(both[..., :1], dark)
    np.testing.assert_array_equal(both[..., 1:], alone)
    assert (alone[0] == alone[5]).all() and alone.shape[2] > 3


@pytest.mark.parametrize("sound", [1, 2])
def test_a_kind_that_few_subjects_have_is_an_obstacle_in_words_or_none(sound):
    """With two of 12 subjects the kind is in every training, though in some inner folds it is not."""
    subjects, landmarks = np.repeat(np.arange(12), 6), np.tile(np.arange(6), 12)
    patches = AlikePatches(subjects, landmarks, ~((subjects < sound) & (landmarks < 3)))
    features = np.random.default_rng(0).normal(size=(12, 6, 4))
    if sound == 1:
        with pytest.raises(ValueError, match="12 subjects have patches with emphysema and 1 have patches that look"):
            told_apart(features, patches, folds=5)
    else:
        assert np.isfinite(told_apart(features, patches, folds=5)).all()


def test_too_few_are_refused(cohort):
    measures, dark, _ = cohort
    patches = alike_patches(measures)
    few = patches.subjects < 4
    some = AlikePatches(patches.subjects[few], patches.landmarks[few], patches.ill[few])
    with pytest.raises(ValueError, match="too few for 3 folds"):
        told_apart(dark, some, folds=3)
