"""Swin UNETR's pretraining: the published network and losses, views that depend on nothing but the step, a training."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from monai.networks.nets.swin_unetr import SwinTransformer

from drasclr_core.methods import load_encoder
from drasclr_core.methods.swinunetr import SwinUNETR, SwinUNETRSettings, found_first, pretext_pictures
from drasclr_core.model.inputs import center_views
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.model.swin import SwinEncoder, SwinHeads, stages_for
from drasclr_core.pretrain import Augmentation, BatchShard, pretrain, step_generator
from drasclr_core.pretrain.setup import build_method

from ..pretrain.conftest import make_tiny
from ..pretrain.interrupted import assert_resumes

MEASURED = json.loads((Path(__file__).parents[1] / "fixtures" / "swinunetr.json").read_text())
SETTINGS = SwinUNETRSettings(epochs=4, batch_size=8, feature_size=12, window=4, dim=16, lr=2e-3,
                             augmentation=Augmentation(size=8, spacing_mm=4.0), threads=1, accelerator="cpu",
                             log_every=1, save_every_s=0.0)  # fmt: skip


def views_of(model, store, batch, shard):
    return model.views(model.read(store, batch, shard), step_generator(0, 0, 0), shard)


@pytest.fixture
def begun():
    """A method, its first batch, the whole of it and its views."""
    store, atlas = make_tiny()
    model = build_method(SwinUNETR, SETTINGS, atlas)
    batch = next(model.sampler(8, 1).epoch(0))
    whole = BatchShard.whole(len(batch.subjects))
    return model, batch, whole, views_of(model, store, batch, whole)


def test_the_network_is_the_published_one():
    network = SwinHeads(SwinEncoder())
    counts = {name: sum(one.numel() for one in part.parameters()) for name, part in network.named_children()}
    assert list(counts.values()) == list(MEASURED["parameters"].values())
    assert network.encoder.rep_dim == 768


def test_four_stages_are_monais():
    encoder, x = SwinEncoder(12, window=4).eval(), torch.rand(2, 1, 32, 32, 32) * 2 - 1
    with torch.no_grad():
        expected = SwinTransformer.forward(encoder.transformer, (x + 1) / 2)[4]
        assert torch.equal(encoder.tokens(x), expected)


@pytest.mark.parametrize(("size", "stages", "tokens"), [(8, 1, 2), (16, 2, 2), (32, 3, 2), (96, 4, 3), (64, 4, 2)])
def test_as_many_stages_are_used_as_leave_two_tokens_a_side(size, stages, tokens):
    assert stages_for(size, 4) == stages and size // 2 ** (stages + 1) == tokens


def test_patches_without_room_for_a_stage_are_refused():
    with pytest.raises(ValueError, match="at least 8 voxels"):
        stages_for(7, 4)


@pytest.mark.parametrize("size", [8, 16, 32])
def test_a_patch_of_any_size_is_represented_and_restored(size):
    stages = stages_for(size, 4)
    network = SwinHeads(SwinEncoder(6, (2,) * stages, (1,) * stages, 4), dim=5).eval()
    x = torch.rand(2, 1, size, size, size) * 2 - 1
    with torch.no_grad():
        said, tokens, features = network(x), network.encoder.tokens(x), network.encoder(x, torch.zeros(3))
    assert said.restored.shape == x.shape
    torch.testing.assert_close(features, tokens.flatten(2).mean(dim=2))
    torch.testing.assert_close(said.rotation, network.rotation(tokens[:, :, 0, 0, 0]))
    torch.testing.assert_close(said.embedding, network.embedding(tokens[:, :, 0, 0, 1]))


def test_the_contrast_is_that_of_a_loop_and_of_the_authors(begun):
    model, numbers = begun[0], torch.arange(6 * 16, dtype=torch.float64).view(6, 16)
    first, second = torch.sin(numbers), torch.cos(1.7 * numbers)
    both, losses = F.normalize(torch.cat([first, second]), dim=1), []
    for row in range(12):
        similar = [math.exp(float(both[row] @ both[other]) / 0.5) for other in range(12) if other != row]
        positive = math.exp(float(both[row] @ both[(row + 6) % 12]) / 0.5)
        losses.append(-math.log(positive / sum(similar)))
    found = model.contrast(first, second).item()
    assert found == pytest.approx(np.mean(losses), rel=1e-6)
    assert found == pytest.approx(MEASURED["nt_xent"], rel=1e-6)


def test_the_other_view_is_found_first():
    first = torch.eye(4)
    assert found_first(first, first + 0.1) == 1
    assert found_first(first, first.roll(1, dims=0)) == 0


def test_views_are_turned_and_then_cut(begun):
    _, batch, _, views = begun
    store = make_tiny()[0]
    assert views.shown.shape == views.whole.shape == (2, len(batch.subjects), 8, 8, 8)
    assert set(views.turns.flatten().tolist()) <= {0, 1, 2, 3}
    changed = (views.shown != views.whole).float().mean(dim=(2, 3, 4))
    assert 0.02 < changed.mean() < 0.5 and changed.std() > 0
    back = torch.stack([
        torch.stack([cube.rot90(-int(turn), (1, 2)) for cube, turn in zip(view, turns, strict=True)])
        for view, turns in zip(views.whole, views.turns, strict=True)
    ])  # fmt: skip
    assert torch.equal(back[0], back[1]), "both views are of one crop"
    patch = store.read(int(batch.landmarks[0]), batch.subjects[:1])[0]
    crops = np.lib.stride_tricks.sliding_window_view(patch.clip(-1024, 240), (8, 8, 8)).reshape(-1, 8, 8, 8)
    shown = ((back[0, 0].double().numpy() + 1) / 2 * 1264 - 1024).round()
    assert (crops == shown).all(axis=(1, 2, 3)).any(), "a crop of the stored patch, voxel for voxel"


def test_what_is_turned_does_not_depend_on_the_number_of_processes(begun):
    """Swapped boxes do: they come from patches that the process has."""
    model, batch, _, views = begun
    count = len(batch.subjects)
    parts = [views_of(model, make_tiny()[0], batch, BatchShard.of(count, rank, 2)) for rank in range(2)]
    assert torch.equal(views.whole, torch.cat([part.whole for part in parts], dim=1))
    assert torch.equal(views.turns, torch.cat([part.turns for part in parts], dim=1))
    same = (views.shown == torch.cat([part.shown for part in parts], dim=1)).float().mean()
    assert 0.75 < same < 1


def test_the_loss_is_the_weighted_sum_of_its_three_parts(begun):
    model, batch, whole, views = begun
    with torch.no_grad():
        loss, metrics = model.step(batch, views, whole)
        first, second = (model.network(shown[:, None]) for shown in views.shown)
    logged = dict(zip(model.metrics, metrics, strict=True))
    rotation = F.cross_entropy(torch.cat([first.rotation, second.rotation]), views.turns.flatten())
    restored = torch.cat([first.restored, second.restored])[:, 0]
    torch.testing.assert_close(logged["loss_rotation"], rotation)
    torch.testing.assert_close(
        logged["loss_restoration"], (restored - (views.whole.flatten(0, 1) + 1) / 2).abs().mean()
    )
    torch.testing.assert_close(logged["loss_contrast"], model.contrast(first.embedding, second.embedding))
    torch.testing.assert_close(loss, sum(logged[name] for name in model.curves))
    assert logged["chance"].item() == pytest.approx(math.log(2 * len(batch.subjects) - 1))
    model.settings = replace(SETTINGS, rotation_weight=0.0, restoration_weight=0.0)
    with torch.no_grad():
        torch.testing.assert_close(model.step(batch, views, whole)[0], logged["loss_contrast"])


def test_losses_fall_in_twenty_steps(tmp_path):
    settings = replace(SETTINGS, epochs=5, save_every_s=1e9)
    log = pretrain(*make_tiny(), tmp_path, SwinUNETR, settings)
    assert len(log) == 20
    for name in ("loss_contrast", "loss_restoration"):
        assert log[name].tail(4).mean() < 0.95 * log[name].iloc[0], name
    assert log["lr"].iloc[0] == 0 and log["lr"].iloc[1] > 0, "the rate grows first"


def test_turns_are_learnt_from_cubes_that_have_a_side():
    """Cubes are brighter towards one side of the plane in which they are turned; who guesses is right once in four."""
    store, atlas = make_tiny(subjects=16)
    ramp = np.linspace(-900, 100, 12)[None, :, None] + np.zeros((12, 12, 12))
    store.patches = (store.patches * 0 + ramp + np.random.default_rng(0).normal(0, 20, store.patches.shape)).astype(
        np.int16
    )
    model = build_method(SwinUNETR, replace(SETTINGS, batch_size=32), atlas)
    optimizer, right = model.optimizer(), []
    for step in range(25):
        batch = next(model.sampler(16, 1).epoch(step))
        whole = BatchShard.whole(len(batch.subjects))
        views = model.views(model.read(store, batch, whole), step_generator(0, 0, step), whole)
        loss, metrics = model.step(batch, views, whole)
        optimizer.zero_grad(), loss.backward(), optimizer.step()
        right.append(dict(zip(model.metrics, metrics, strict=True))["rotation_accuracy"].item())
    assert np.mean(right[:3]) < 0.4 and np.mean(right[-5:]) > 0.45


def test_an_interrupted_run_ends_bit_for_bit_like_an_uninterrupted_one(tmp_path, monkeypatch):
    resumed, done = assert_resumes(make_tiny, SwinUNETR, SETTINGS, 6, tmp_path, monkeypatch)
    assert done == 6

    encoder = load_encoder(resumed)
    assert isinstance(encoder, SwinEncoder) and encoder.rep_dim == encoder.description["rep_dim"] == 24
    encoder.save_pretrained(tmp_path / "again")
    groups = LocationGroups(torch.zeros(2, 3), [1, 2])
    for size in (8, 16):
        x = torch.rand(3, 1, size, size, size) * 2 - 1
        with torch.no_grad():
            assert torch.equal(load_encoder(tmp_path / "again")(x, torch.zeros(3)), encoder(x, groups))


def test_pictures_show_one_step_after_the_other():
    stored = torch.from_numpy(make_tiny()[0].read(0, np.arange(4)))
    shown = pretext_pictures(stored, SETTINGS, step_generator(0, 0, 0))
    assert list(shown) == ["original", "turned", "cut out", "swapped boxes"]
    torch.testing.assert_close(shown["original"], center_views(stored, 8))
    for name, before in zip(list(shown)[1:], shown, strict=False):
        assert shown[name].shape == (4, 8, 8, 8) and shown[name].min() >= -1 and shown[name].max() <= 1
        assert not torch.equal(shown[name], shown[before])
    assert torch.equal(shown["turned"].flatten(1).sort().values, shown["original"].flatten(1).sort().values)
