"""Patterns of emphysema in 2D patches: hand-made features and an encoder, over folds of subjects."""

import numpy as np
import pytest

from drasclr_core.image_volume.slice_encoder import SliceEncoder
from drasclr_core.model.genesis_unet import GenesisEncoder
from drasclr_core.transfer import pattern_features, pattern_scores
from drasclr_core.transfer.patterns import window_quantiles

from .made_up import small_encoder

PATTERNS = ("normal", "centrilobular", "paraseptal")


@pytest.fixture(scope="module")
def look_alikes():
    """Generated patches: even lung, round dark holes, a dark band at one side; two patterns in each of 12 people."""
    rng, patches, patterns, subjects = np.random.default_rng(0), [], [], []
    y, x = np.indices((61, 61))
    for subject in range(12):
        for number in range(4):
            pattern = PATTERNS[(subject + number % 2) % 3]
            hu = rng.normal(-860 + 10 * rng.normal(), 35, (61, 61))
            if pattern == "centrilobular":
                for _ in range(5):
                    hu[(y - rng.integers(8, 53)) ** 2 + (x - rng.integers(8, 53)) ** 2 < 50] -= 110
            if pattern == "paraseptal":
                hu[:, :14] -= 110
            patches.append(hu)
            patterns.append(pattern)
            subjects.append(subject)
    return np.array(patches), np.array(patterns), np.array(subjects)


def test_patterns_are_told_better_than_by_chance_and_by_whole_subjects(look_alikes):
    patches, patterns, subjects = look_alikes
    features = pattern_features(patches, 0.78, {"random": small_encoder()})
    scores = pattern_scores(features, patterns, subjects, folds=4)
    mean = scores[scores["task"] == "Pattern"].groupby("method")["value"].mean()
    assert set(mean.index) == {"chance", "patch_laa", "patch_histogram", "kmeans", "random"}
    assert mean["patch_histogram"] > mean["chance"] + 25 and mean["kmeans"] > mean["chance"] + 25
    assert scores.groupby(["method", "task"])["n_test"].sum().eq(48).all()
    assert set(scores["task"]) == {"Pattern", "Normal", "Centrilobular", "Paraseptal"}
    with pytest.raises(ValueError, match="12 subjects are fewer than 20 folds"):
        pattern_scores(features, patterns, subjects, folds=20)


def test_a_pattern_of_one_subject_is_an_obstacle_in_words():
    features = {"x": lambda train: np.random.default_rng(0).normal(size=(20, 3))}
    patterns, subjects = np.array(["normal"] * 16 + ["centrilobular"] * 4), np.repeat(np.arange(5), 4)
    with pytest.raises(ValueError, match="normal in 4, centrilobular in 1 of 5 subjects are too few for 5 folds"):
        pattern_scores(features, patterns, subjects, folds=5)


def test_words_are_learnt_from_training_patches_alone(look_alikes):
    patches = look_alikes[0].copy()
    train = np.arange(0, 48, 2)
    before = pattern_features(patches, 0.78, {})["kmeans"](train)
    patches[1::2] += 300  # what is tested
    after = pattern_features(patches, 0.78, {})["kmeans"](train)
    assert np.array_equal(before[train], after[train]) and not np.array_equal(before, after)
    assert np.allclose(before.sum(axis=1), 1)


def test_any_number_of_training_patches_will_do(look_alikes):
    """Batches of 32 would leave one patch alone, of which batch norm has no statistics."""
    made = pattern_features(look_alikes[0][:40], 0.78, {"random": small_encoder()})["random"]
    assert made(np.arange(33)).shape == made(np.arange(32)).shape


def test_random_weights_see_images_as_the_trainings_do(look_alikes, monkeypatch):
    seen, pooled = [], SliceEncoder.pooled

    def watched(self, images):
        seen.append(tuple(images.shape[-2:]))
        return pooled(self, images)

    monkeypatch.setattr(SliceEncoder, "pooled", watched)
    trained = small_encoder()
    trained.description = {"spacing_mm": 2.0}
    for make in list(pattern_features(look_alikes[0], 0.78, {"random": small_encoder(), "joint": trained}).values())[
        3:
    ]:
        make(np.arange(20))
    assert set(seen) == {(24, 24)}  # 61 pixels of 0.78 mm


def test_an_encoder_of_cubes_alone_is_refused():
    with pytest.raises(ValueError, match="genesis keeps an encoder of type 'models-genesis', which knows no images"):
        pattern_features(np.zeros((1, 61, 61)), 0.78, {"genesis": GenesisEncoder(2)})


def test_windows_tile_the_patch():
    patch = np.arange(61 * 61, dtype=float).reshape(1, 61, 61)
    found = window_quantiles(patch)
    assert found.shape == (1, 36, 5)
    assert found[0, 7, 2] == np.median(patch[0, 9:18, 9:18])
