"""Joint image-volume learning: the losses of a step, schedules, a training and its resumption, images and lungs."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from drasclr_core.cohort.images.stream import write_images, write_stream
from drasclr_core.image_volume import JointEncoder, masked_embedding_loss, swav_loss
from drasclr_core.image_volume.settings import JointSettings
from drasclr_core.methods import load_encoder
from drasclr_core.methods.joint import Joint, pretext_pictures
from drasclr_core.methods.joint_lungs import JointLungs
from drasclr_core.pretrain import Augmentation, BatchShard, pretrain, step_generator
from drasclr_core.pretrain.setup import build_method
from drasclr_core.run import Run

from ..pretrain.conftest import make_tiny
from ..pretrain.interrupted import assert_resumes
from .volumes import make_volumes

SETTINGS = JointSettings(epochs=5, batch_size=8, depth=10, width=4, dim=16, project=8, layers=1, heads=2, head_dim=8,
                         hidden=16, prototypes=6, volume_prototypes=4, larc=False, lr=0.05, frozen=0.1,
                         images_per_step=6, augmentation=Augmentation(size=8, spacing_mm=4.0), threads=1,
                         accelerator="cpu", log_every=1, save_every_s=0.0)  # fmt: skip


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A stream of images of different texture, in two files."""
    folder, random = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    made = random.normal(0.5, random.uniform(0.02, 0.25, (20, 1, 1)), (20, 14, 14)).clip(0, 1)
    for name, part in (("a", made[:12]), ("b", made[12:])):
        write_images(folder / f"{name}.npy", part, 14)
    where = [(name, place) for name, count in (("a", 12), ("b", 8)) for place in range(count)]
    write_stream(folder, pd.DataFrame([{"sid": name, "kind": "made up", "file": f"{name}.npy", "place": place}
                                       for name, place in where]))  # fmt: skip
    return str(folder)


def begin(settings, shard=None):
    """A method, its first batch, that part of the batch, and its views."""
    store, atlas = make_tiny()
    model = build_method(Joint, settings, atlas)
    batch = next(model.sampler(8, 1).epoch(0))
    shard = shard or BatchShard.whole(len(batch.subjects))
    return model, batch, shard, model.views(model.read(store, batch, shard), step_generator(0, 0, 0), shard)


def test_the_loss_is_the_weighted_sum_of_its_three_parts(images):
    settings = replace(SETTINGS, images=images, dropout=0.0, mask_weight=2.0, inter_weight=0.5)
    model, batch, shard, views = begin(settings)
    network, encoder, count = model.network, model.encoder, len(batch.subjects)
    with torch.no_grad():
        loss, metrics = model.step(batch, views, shard)
        logged = dict(zip(model.metrics, metrics, strict=True))
        assert views.flat.shape == (2, 2 * count + 6, 1, 8, 8) and views.volumes.shape == (2, count, 1, 8, 8, 8)
        flat = F.normalize(network.head(encoder.intra(views.flat.flatten(0, 1))), dim=1)
        scores = (flat @ network.flat_clusters.prototypes.T).chunk(2)
        torch.testing.assert_close(logged["loss_intra"], swav_loss(*scores))
        slices = encoder.embed_slices(views.volumes.flatten(0, 1))
        scores = (encoder.inter.volume(slices) @ network.volume_clusters.prototypes.T).chunk(2)
        torch.testing.assert_close(logged["loss_inter"], swav_loss(*scores))
        mask = torch.cat([views.mask, views.mask])
        told = network.masked(encoder.inter, slices, mask)
        torch.testing.assert_close(logged["loss_mask"], masked_embedding_loss(told, slices, mask))
    expected = logged["loss_intra"] + 2 * logged["loss_mask"] + 0.5 * logged["loss_inter"]
    torch.testing.assert_close(loss, expected)
    assert logged["chance"].item() == pytest.approx(math.log(6)) and 0.25 <= logged["in_use_3d"] <= 1


def test_views_do_not_depend_on_the_number_of_processes(images):
    settings = replace(SETTINGS, images=images)
    _, batch, _, whole = begin(settings)
    parts = [begin(settings, BatchShard.of(len(batch.subjects), rank, 2))[3] for rank in range(2)]
    assert torch.equal(whole.volumes, torch.cat([part.volumes for part in parts], dim=1))
    assert torch.equal(whole.mask, torch.cat([part.mask for part in parts]))
    order = torch.cat([part.flat_samples.rows for part in parts])
    assert order.sort().values.tolist() == list(range(whole.flat_samples.batch))
    torch.testing.assert_close(whole.flat[:, order], torch.cat([part.flat for part in parts], dim=1))
    assert torch.equal(whole.flat_samples.numbers[order], torch.cat([part.flat_samples.numbers for part in parts]))


@pytest.mark.parametrize("engine", ["swav", "deepcluster"])
def test_what_a_turn_does_not_reach_keeps_still(engine, images):
    model, batch, shard, views = begin(replace(SETTINGS, schedule="turns", images=images, engine=engine))
    assert batch.turn.seen == ("images",) and views.volumes is None and views.flat.shape[1] == 6
    optimizer, before = model.optimizer(), {name: weight.clone() for name, weight in model.named_parameters()}
    for done in (0.5, 0.6):
        model.done = done
        model.step(batch, views, shard)[0].backward()
        optimizer.step()
    moved = {name.split(".")[1 + ("encoder" in name)] for name, weight in model.named_parameters()
             if not torch.equal(weight, before[name])}  # fmt: skip
    assert moved == {"intra", "head", "flat_clusters"}


def test_the_authors_second_stage_leaves_the_slices_network_as_it_is():
    settings = replace(SETTINGS, schedule="stages", mask_over="all")
    model, _, shard, _ = begin(settings)
    store, model.done = make_tiny()[0], 0.5
    batch = [batch for epoch in range(5) for batch in model.sampler(8, 1).epoch(epoch)][10]
    assert batch.turn.losses == ("mask",)
    state = {name: value.clone() for name, value in model.encoder.intra.state_dict().items()}
    views = model.views(model.read(store, batch, shard), step_generator(0, 0, 0), shard)
    optimizer = model.optimizer()
    model.step(batch, views, shard)[0].backward()
    optimizer.step()
    assert all(torch.equal(value, state[name]) for name, value in model.encoder.intra.state_dict().items())
    assert model.encoder.intra.training
    assert [round(model.rate(0, done), 2) for done in (0, 1 / 30, 1 / 3, 0.3333)] == [0, 1, 0, 0]


def test_losses_fall_in_twenty_steps(tmp_path):
    log = pretrain(*make_tiny(), tmp_path, Joint, replace(SETTINGS, save_every_s=1e9))
    assert len(log) == 20
    for name in ("loss_intra", "loss_mask"):
        assert log[name].tail(4).mean() < 0.9 * log[name].iloc[0], name
    assert log["loss_inter"].tail(4).mean() < log["loss_inter"].head(4).mean()


HARDEST = replace(SETTINGS, epochs=3, engine="deepcluster", schedule="turns", landmarks_per_step=4)


def test_an_interrupted_run_ends_bit_for_bit_like_an_uninterrupted_one(tmp_path, monkeypatch, images):
    resumed, done = assert_resumes(make_tiny, Joint, replace(HARDEST, images=images), 7, tmp_path, monkeypatch)
    assert done == 7
    encoder = load_encoder(resumed)
    assert isinstance(encoder, JointEncoder) and encoder.sees == "patches"
    with torch.no_grad():
        made = encoder(torch.rand(3, 1, 12, 12, 12) * 2 - 1, torch.zeros(3))
    assert made.shape == (3, 32) == (3, encoder.rep_dim) and made.isfinite().all()


def test_plain_2d_learning_needs_no_volume(tmp_path, images):
    settings = replace(SETTINGS, epochs=1, mask_weight=0.0, inter_weight=0.0, slices_per_patch=0, images=images)
    log = pretrain(*make_tiny(), tmp_path, Joint, settings)
    assert (log["loss_inter"] == 0).all() and (log["loss_mask"] == 0).all() and log["loss_intra"].gt(0).all()


def test_whole_lungs_are_volumes_of_slices(tmp_path):
    given = {"epochs": 1, "batch_size": 4, "threads": 1, "accelerator": "cpu", "settings": {
        "cube": 8, "depth": 10, "width": 4, "dim": 16, "project": 8, "layers": 1, "hidden": 16, "prototypes": 6,
        "volume_prototypes": 4, "landmarks_per_step": 1}}  # fmt: skip
    store = make_volumes(tmp_path, subjects=6, size=8)
    settings = JointLungs.configure(store.size, store.spacing, given)
    log = pretrain(store, store.place, tmp_path / "lungs", JointLungs, settings)
    assert len(log) and log["loss_inter"].gt(0).all()
    assert load_encoder(tmp_path / "lungs").sees == "volumes"


def test_settings_that_leave_nothing_to_learn_are_refused(images):
    with pytest.raises(ValueError, match="no engine 'swaw': did you mean 'swav'"):
        replace(SETTINGS, engine="swaw")
    with pytest.raises(ValueError, match="There is nothing to learn"):
        replace(SETTINGS, slices_per_patch=0)
    with pytest.raises(ValueError, match="no attention 'plane': did you mean 'plain'"):
        replace(SETTINGS, attention="plane")
    with pytest.raises(ValueError, match="Volumes of 8 slices, and an attention with a stride of 9: the stride must"):
        replace(SETTINGS, stride=9)
    replace(SETTINGS, stride=9, attention="plain")
    assert replace(SETTINGS, images=images).that_matter()["images"] not in ("", images)


def test_pictures_show_slices_and_volumes():
    stored = torch.from_numpy(make_tiny()[0].read(0, np.arange(4)))
    shown = pretext_pictures(stored, SETTINGS, step_generator(0, 0, 0))
    assert all(picture.shape == (4, 8, 8, 8) for picture in shown.values())
    hidden = (shown["slices hidden"] == -1).flatten(1, 2)
    assert hidden.all(dim=1).sum() == 4 and not torch.equal(*list(shown.values())[:2])


def test_a_stream_of_the_cohort_is_named_by_its_kind(tmp_path):
    run, settings = Run(str(tmp_path / "run"), "covid"), replace(SETTINGS, images="radiographs")
    assert Joint.within(run, settings).images == str(run.cohort / "images_2d" / "radiographs")
    assert Joint.within(run, replace(SETTINGS, images="elsewhere/mine")).images == "elsewhere/mine"
    assert Joint.within(run, SETTINGS) == SETTINGS
    with pytest.raises(FileNotFoundError, match="radiographs: no stream of images yet"):
        build_method(Joint, Joint.within(run, settings), make_tiny()[1])
