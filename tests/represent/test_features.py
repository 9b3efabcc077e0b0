from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
import zarr

from drasclr_core.model import Encoder
from drasclr_core.model.inputs import center_views
from drasclr_core.represent import image_features, patch_features
from drasclr_core.represent.features import is_of

LOCATIONS = np.linspace(-1, 1, 9, dtype=np.float32).reshape(3, 3)


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    encoder = Encoder(rep_dim=8, num_experts=2).eval()
    encoder.description = {"patch_size": 8}
    return encoder


@pytest.fixture
def store():
    patches = np.random.default_rng(0).integers(-1000, 200, (3, 5, 12, 12, 12)).astype(np.int16)
    reads = []
    return SimpleNamespace(
        sids=[f"S{index}" for index in range(5)],
        size=12,
        patches=patches,
        reads=reads,
        contents=lambda: str(patches.sum()),
        read=lambda landmark, indices: reads.append(landmark) or patches[landmark, indices],
    )


def test_each_feature_is_the_encoder_at_its_landmark(encoder, store, tmp_path):
    array = patch_features(encoder, store, LOCATIONS, tmp_path / "patch.zarr")
    assert array.shape == (5, 3, 8)
    assert array.dtype == np.float32
    for subject, landmark in [(0, 0), (4, 1), (2, 2)]:
        view = center_views(torch.from_numpy(store.patches[landmark, subject]), 8)[None, None]
        with torch.no_grad():
            expected = encoder(view, torch.from_numpy(LOCATIONS[landmark]))[0]
        np.testing.assert_allclose(array[subject, landmark], expected, rtol=1e-4, atol=1e-5)


def test_image_features_say_whose_they_are(encoder, store, tmp_path):
    patch_features(encoder, store, LOCATIONS, tmp_path / "patch.zarr")
    image_features(encoder, tmp_path / "patch.zarr").to_parquet(tmp_path / "image.parquet")
    table = pd.read_parquet(tmp_path / "image.parquet")
    assert is_of(table, encoder)
    with torch.no_grad():
        next(encoder.parameters()).add_(1.0)
    assert not is_of(table, encoder)


def test_image_features_are_means_over_landmarks(encoder, store, tmp_path):
    array = patch_features(encoder, store, LOCATIONS, tmp_path / "patch.zarr")
    table = image_features(encoder, tmp_path / "patch.zarr")
    assert table["sid"].tolist() == store.sids
    assert table.columns[1:].tolist() == [f"f{index:03d}" for index in range(8)]
    np.testing.assert_allclose(table.iloc[:, 1:].to_numpy(), array[:].mean(axis=1), rtol=1e-6)


def test_only_missing_landmarks_are_computed_again(encoder, store, tmp_path):
    path = tmp_path / "patch.zarr"
    whole = patch_features(encoder, store, LOCATIONS, path)[:]
    store.reads.clear()
    patch_features(encoder, store, LOCATIONS, path)
    assert store.reads == []

    zarr.open_array(path, mode="r+")[:, 1] = np.nan  # as after a kill
    with pytest.raises(ValueError, match="notebook 07"):
        image_features(encoder, path)
    np.testing.assert_array_equal(patch_features(encoder, store, LOCATIONS, path)[:], whole)
    assert store.reads == [1]


def test_another_encoder_begins_again(encoder, store, tmp_path):
    path = tmp_path / "patch.zarr"
    before = patch_features(encoder, store, LOCATIONS, path)[:]
    with torch.no_grad():
        encoder.blocks[12].norm.bias.add_(1)
    after = patch_features(encoder, store, LOCATIONS, path)[:]
    assert (before != after).all()


def test_patches_that_were_cut_anew_begin_again(encoder, store, tmp_path):
    path = tmp_path / "patch.zarr"
    before = patch_features(encoder, store, LOCATIONS, path)[:]
    store.patches[:] += 100
    store.reads.clear()
    after = patch_features(encoder, store, LOCATIONS, path)[:]
    assert store.reads == [0, 1, 2] and (before != after).any()


def test_cohorts_larger_than_a_chunk(encoder, store, tmp_path, monkeypatch):
    monkeypatch.setattr("drasclr_core.represent.features.SUBJECTS_AT_ONCE", 2)
    array = patch_features(encoder, store, LOCATIONS, tmp_path / "patch.zarr")
    assert not np.isnan(array[:]).any()
    assert len(image_features(encoder, tmp_path / "patch.zarr")) == 5
