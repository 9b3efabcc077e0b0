"""Models Genesis: the published network, deformed cubes that depend on nothing but the step, a training that learns."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from drasclr_core.methods import load_encoder
from drasclr_core.methods.models_genesis import ModelsGenesis, ModelsGenesisSettings, pretext_pictures
from drasclr_core.model.genesis_unet import GenesisEncoder, GenesisUNet
from drasclr_core.model.inputs import center_views
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.pretrain import Augmentation, BatchShard, pretrain, step_generator
from drasclr_core.pretrain.setup import build_method

from ..pretrain.conftest import make_tiny
from ..pretrain.interrupted import assert_resumes

MEASURED = json.loads((Path(__file__).parents[1] / "fixtures" / "models_genesis.json").read_text())
SETTINGS = ModelsGenesisSettings(epochs=4, batch_size=8, width=2, augmentation=Augmentation(size=8, spacing_mm=4.0),
                                 threads=1, accelerator="cpu", log_every=1, save_every_s=0.0)  # fmt: skip


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_network_is_the_published_one():
    network = GenesisUNet(GenesisEncoder())
    assert parameters(network) == MEASURED["parameters"]
    assert parameters(network.encoder) == MEASURED["encoder_parameters"] and network.encoder.rep_dim == 512


@pytest.mark.parametrize("size", [8, 16, 32])
def test_a_patch_of_any_size_is_restored_and_represented(size):
    network, x = GenesisUNet(GenesisEncoder(2)), torch.rand(2, 1, size, size, size) * 2 - 1
    with torch.no_grad():
        # The batch's own statistics: weights that are not trained let next to nothing through without them.
        restored = network.train()(x)
        maps, features = network.eval().encoder.maps(x), network.encoder(x, torch.zeros(3))
    assert restored.shape == x.shape and 0 < restored.min() < restored.max() < 1
    assert [one.shape[1:] for one in maps] == [(4 * 2**level, *(size >> level,) * 3) for level in range(4)]
    torch.testing.assert_close(features, maps[-1].flatten(2).mean(dim=2))
    assert features.shape == (2, network.encoder.rep_dim) == (2, 32)


def test_loss_falls_in_twenty_steps(tiny_log):
    losses = tiny_log["loss_restoration"]
    assert len(losses) == 20
    assert losses.tail(4).mean() < 0.75 * losses.iloc[0]
    assert tiny_log["lr"].eq(1.0).all(), "the published rate, which does not fall before the fortieth epoch"


@pytest.fixture(scope="module")
def tiny_log(tmp_path_factory):
    settings = replace(SETTINGS, epochs=5, width=4, save_every_s=1e9)
    return pretrain(*make_tiny(), tmp_path_factory.mktemp("learns"), ModelsGenesis, settings)


def test_the_rate_is_halved_as_published():
    model = build_method(ModelsGenesis, replace(SETTINGS, epochs=200), make_tiny()[1])
    assert [model.rate(epoch, 0.5) for epoch in (0, 39, 40, 79, 80)] == [1, 1, 0.5, 0.5, 0.25]


def test_an_interrupted_run_ends_bit_for_bit_like_an_uninterrupted_one(tmp_path, monkeypatch):
    resumed, done = assert_resumes(make_tiny, ModelsGenesis, SETTINGS, 6, tmp_path, monkeypatch)
    assert done == 6

    encoder = load_encoder(resumed)
    assert isinstance(encoder, GenesisEncoder) and encoder.width == 2 and encoder.description["rep_dim"] == 32
    encoder.save_pretrained(tmp_path / "again")
    groups = LocationGroups(torch.zeros(2, 3), [1, 2])
    for size in (8, 16):
        x = torch.rand(3, 1, size, size, size) * 2 - 1
        with torch.no_grad():
            assert torch.equal(load_encoder(tmp_path / "again")(x, torch.zeros(3)), encoder(x, groups))


def test_views_do_not_depend_on_the_number_of_processes():
    store, atlas = make_tiny()
    model = build_method(ModelsGenesis, SETTINGS, atlas)
    batch = next(model.sampler(8, 2).epoch(0))
    count = len(batch.subjects)

    def views(shard):
        return model.views(model.read(store, batch, shard), step_generator(0, 0, 0), shard)

    whole, parts = views(BatchShard.whole(count)), [views(BatchShard.of(count, rank, 2)) for rank in range(2)]
    for name in whole._fields:
        assert torch.equal(getattr(whole, name), torch.cat([getattr(part, name) for part in parts]))


def test_the_loss_is_the_mean_square_beside_that_of_one_grey_value():
    store, atlas = make_tiny()
    model = build_method(ModelsGenesis, SETTINGS, atlas)
    batch = next(model.sampler(8, 1).epoch(0))
    whole = BatchShard.whole(len(batch.subjects))
    views = model.views(model.read(store, batch, whole), step_generator(0, 0, 0), whole)
    with torch.no_grad():
        loss, (logged, one_grey) = model.step(batch, views, whole)
        restored = model.network(views.deformed[:, None] * 2 - 1)[:, 0]
    assert loss == logged
    np.testing.assert_allclose(loss, np.mean((restored.numpy() - views.whole.numpy()) ** 2), rtol=1e-5)
    np.testing.assert_allclose(one_grey, views.whole.numpy().var(), rtol=1e-4)


def test_pictures_show_one_deformation_each():
    stored = torch.from_numpy(make_tiny()[0].read(0, np.arange(4)))
    shown = pretext_pictures(stored, SETTINGS, step_generator(0, 0, 0))
    assert next(iter(shown)) == "original" and len(shown) == 6
    torch.testing.assert_close(shown["original"], center_views(stored, 8))
    for name, picture in shown.items():
        assert picture.shape == (4, 8, 8, 8) and picture.min() >= -1 and picture.max() <= 1, name
        assert name == "original" or not torch.equal(picture, shown["original"])
    values = [shown[name].flatten(1).sort(dim=1).values.unique() for name in ("original", "shuffled")]
    assert set(values[1].tolist()) <= set(values[0].tolist()), "shuffling makes no new values"
