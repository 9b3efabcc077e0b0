"""Context SSL's encoder: what is kept of it, and what it makes of patches and images."""

import numpy as np
import pytest
import torch

from drasclr_core.methods import load_encoder
from drasclr_core.model.context_encoder import ContextEncoder
from drasclr_core.model.locconv import LocationGroups

EDGES = [[0, 1], [1, 2]]
LOCATIONS = torch.tensor([[-1.0, 0, 1], [0, 0, 0], [1, -1, 0.5]])


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    return ContextEncoder(19, 3, EDGES).eval()


@pytest.mark.parametrize("size", [8, 16, 32])
def test_the_location_is_appended_however_it_is_given(encoder, size):
    views = torch.rand(6, 1, size, size, size)
    features = encoder(views, LOCATIONS.repeat_interleave(2, dim=0))
    assert features.shape == (6, encoder.rep_dim) == (6, 19)
    torch.testing.assert_close(features[:, 16:], (LOCATIONS.repeat_interleave(2, dim=0) + 1) / 2)
    torch.testing.assert_close(features, encoder(views, LocationGroups(LOCATIONS, [2, 2, 2])))
    torch.testing.assert_close(features[:2], encoder(views[:2], LOCATIONS[0]))


def test_saved_and_loaded_it_gives_the_same(encoder, tmp_path):
    features = np.random.default_rng(0).normal(size=(4, 3, 19)).astype(np.float32)
    encoder.fit_images(features)
    encoder.save_pretrained(tmp_path)
    loaded = load_encoder(tmp_path)
    assert loaded.edges == EDGES
    np.testing.assert_array_equal(loaded.image_features(features), encoder.image_features(features))
    for size in (8, 16):
        views = torch.rand(3, 1, size, size, size)
        assert torch.equal(loaded(views, LOCATIONS), encoder(views, LOCATIONS))


def test_an_image_is_its_graph(encoder):
    """Statistics as fitted are those of the batch; the location is not used, the order of the landmarks is."""
    features = np.random.default_rng(0).normal(size=(5, 3, 19)).astype(np.float32)
    encoder.fit_images(features)
    used = encoder.image_features(features)
    assert used.shape == (5, 16)
    trained = encoder.graph.train()(torch.from_numpy(features[..., :16])).detach().numpy()
    np.testing.assert_allclose(used, trained, atol=0.1)  # a variance of 15 by 14 or by 15
    encoder.eval()
    moved = np.concatenate([features[..., :16], 1 + features[..., 16:]], axis=-1)
    np.testing.assert_array_equal(encoder.image_features(moved), used)
    assert np.abs(encoder.image_features(features[:, [1, 0, 2]]) - used).max() > 0.01
    with pytest.raises(ValueError, match=r"3 landmarks.*of 2"):
        encoder.image_features(features[:, :2])
