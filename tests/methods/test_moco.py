"""MoCo on whole lungs: what a query is compared with, what it learns, and that a killed run goes on."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from drasclr_core.anatomy.volumes.store import VolumeStore, WholeLungs
from drasclr_core.files import write_json
from drasclr_core.methods import PretrainingStage, load_encoder
from drasclr_core.methods.moco import MoCo, MoCoSettings, pretext_pictures
from drasclr_core.model import Encoder
from drasclr_core.pretrain import Augmentation, BatchShard, pretrain
from drasclr_core.pretrain.budget import PACE
from drasclr_core.pretrain.sampling import Batch
from drasclr_core.pretrain.setup import build_method
from drasclr_core.pretrain.views import step_generator

from ..pretrain.interrupted import assert_resumes
from .volumes import make_volumes

VIEWS = Augmentation(16, 16.0, rotate_deg=5, translate_mm=8.0, scale=0.05, noise_p=0, contrast_p=0)
CONFIG = MoCoSettings(cube=16, epochs=4, batch_size=4, depth=10, width=4, dim=16, key_momentum=0.9, augmentation=VIEWS,
                      threads=1, accelerator="cpu", log_every=1, save_every_s=0.0)  # fmt: skip


def changed(**values):
    return MoCoSettings(**{name: getattr(CONFIG, name) for name in CONFIG.__dataclass_fields__} | values)


def test_published_values_are_the_defaults():
    made = MoCo.configure(48, 5.0, {"epochs": 30, "settings": {}})
    assert (made.bank_size, made.temperature, made.key_momentum, made.dim) == (65536, 0.2, 0.999, 128)
    assert (made.lr, made.momentum, made.weight_decay, MoCoSettings().epochs) == (0.03, 0.9, 1e-4, 200)
    with pytest.raises(ValueError, match="no network 'resnt': did you mean 'resnet'"):
        MoCo.configure(48, 5.0, {"settings": {"network": "resnt"}})


def test_loss_falls(tmp_path):
    store = make_volumes(tmp_path, subjects=16)
    log = pretrain(store, store.place, tmp_path / "out", MoCo, changed(epochs=16, batch_size=8, lr=0.1, width=8))
    gained = log["loss_contrast"] - log["chance"]
    assert gained[-6:].mean() < gained[:3].mean() - 0.4 and gained[-6:].mean() < -0.3
    assert log["negatives"][0] == 7 and 14 < log["negatives"][1:].mean() <= 15, (
        "the other scans of the batch, then each other scan once"
    )
    assert log["from_bank"][0] == 0
    encoder = load_encoder(tmp_path / "out")
    assert encoder.sees == "volumes" and encoder.description["patch_size"] == 16
    with pytest.raises(ValueError, match="out sees whole lungs at once, and this needs features of patches"):
        load_encoder(tmp_path / "out", patches=True)


def test_an_interrupted_run_ends_bit_for_bit_like_an_uninterrupted_one(tmp_path, monkeypatch):
    store = make_volumes(tmp_path)
    assert_resumes(lambda: (store, store.place), MoCo, CONFIG, 5, tmp_path, monkeypatch)


def test_a_query_is_compared_with_the_newest_key_of_each_other_subject(tmp_path):
    """Three steps, once more with a loop over pairs of subjects."""
    store = make_volumes(tmp_path, subjects=6)
    method = build_method(MoCo, changed(key_splits=1), store.place)
    assert method.bank.keys.shape == (1, 6, 16), "one key for each subject, not 65536"
    random, newest = np.random.default_rng(0), {}
    for number in range(3):
        batch = Batch(0, random.permutation(6)[:3] if number < 2 else np.array([0, 1, 2]))
        shard = BatchShard.whole(3)
        views = method.views(method.read(store, batch, shard), step_generator(0, 0, number), shard)
        loss, metrics = method.step(batch, views, shard)
        with torch.no_grad():
            query = method.query(views.query, torch.zeros(3))
            keys = method.key(views.key, torch.zeros(3))
        held = [*newest.get("order", []), *zip(batch.subjects.tolist(), keys, strict=True)][-6:]
        newest["order"] = held
        losses = []
        for own, q, key in zip(batch.subjects, query, keys, strict=True):
            others = [math.exp(float(q @ k) / 0.2) for subject, k in held if subject != own]
            right = math.exp(float(q @ key) / 0.2)
            losses.append(-math.log(right / (right + sum(others))))
        assert loss.item() == pytest.approx(np.mean(losses), rel=1e-4)
        told = dict(zip(MoCo.metrics, (value.detach().item() for value in metrics), strict=True))
        counts = [sum(subject != own for subject, _ in held) for own in batch.subjects]
        assert told["negatives"] == pytest.approx(np.mean(counts))
        assert told["chance"] == pytest.approx(np.mean(np.log1p(counts)))


def test_keys_go_through_batch_norm_in_parts(tmp_path):
    """A key depends on the other views of its part, and not on those of the other parts."""
    store = make_volumes(tmp_path)
    method = build_method(MoCo, changed(key_splits=2, key_momentum=1.0), store.place)
    shard = BatchShard.of(8, key_splits=method.key_splits(), order=np.arange(8))
    patches = method.read(store, Batch(0, np.arange(8)), shard)
    assert np.array_equal(patches.key, store.read(0, np.arange(8)))
    views = method.views(patches, step_generator(0, 0, 0), shard)
    kept = []
    for _ in range(2):
        method.step(Batch(0, np.arange(8)), views, shard)
        kept.append(method.bank.keys[0].clone())
        views.key[0] += 1
    apart = (kept[0] - kept[1]).abs().amax(dim=1)
    assert (apart[:4] > 1e-5).all() and (apart[4:] < 1e-6).all()


def test_a_process_sees_its_part_of_the_views(tmp_path):
    store, batch = make_volumes(tmp_path), Batch(0, np.array([3, 1, 4, 0]))
    method = build_method(MoCo, CONFIG, store.place)
    whole = BatchShard.whole(4)
    everything = method.views(method.read(store, batch, whole), step_generator(0, 0, 0), whole)
    for rank in range(2):
        shard = BatchShard.of(4, rank, 2)
        part = method.views(method.read(store, batch, shard), step_generator(0, 0, 0), shard)
        assert torch.equal(part.query, everything.query[shard.rows])
        assert torch.equal(part.key, everything.key[shard.key_rows])


def test_the_plain_convolutions_can_take_the_place_of_the_resnet(tmp_path):
    store = make_volumes(tmp_path)
    log = pretrain(store, store.place, tmp_path / "out", MoCo, changed(network="cnn", epochs=1))
    assert np.isfinite(log.to_numpy()).all()
    assert Encoder.from_pretrained(tmp_path / "out").conditioning == "none"


def test_pictures_of_the_task_are_two_views():
    stored = torch.from_numpy(np.random.default_rng(0).integers(-1000, 0, (2, 16, 16, 16)).astype(np.int16))
    pictures = pretext_pictures(stored, CONFIG, step_generator(0, 0, 0))
    one, other = pictures.values()
    assert list(pictures) == ["one view", "another view"] and one.shape == other.shape == (2, 16, 16, 16)
    assert not torch.equal(one, other) and one.abs().max() < 2


def test_the_stage_opens_whole_lungs_for_it(tmp_path, monkeypatch):
    """By the notebook's parameters; a wrong size of the cube is refused before any cube is made."""
    store, asked = make_volumes(tmp_path), []
    monkeypatch.setattr(VolumeStore, "of", lambda run, size: asked.append(size) or store)
    store.run.subjects.parent.mkdir(parents=True)
    pd.DataFrame({"sid": store.sids}).to_parquet(store.run.subjects)
    parameters = {"method": "moco", "epochs": 2, "batch_size": 4, "settings": {"cube": 16, "width": 4}}
    stage = PretrainingStage.of(store.run, parameters)
    assert stage.store is store and asked == [16] and isinstance(stage.atlas, WholeLungs)
    assert (stage.settings.cube, stage.settings.augmentation.size, stage.settings.epochs) == (16, 16, 2)
    assert stage.settings.augmentation.spacing_mm == 16.0 and stage.folder == store.run.pretrain("moco")
    write_json(stage.folder / PACE, {"minutes": 4.0})
    monkeypatch.setattr("drasclr_core.methods.stage.pretrain", lambda *what: pd.DataFrame())
    stage.run()
    assert not (stage.folder / PACE).exists(), "no minutes were given to this training"
    with pytest.raises(ValueError, match="cube is 'large', and must be a whole number"):
        PretrainingStage.of(store.run, parameters | {"settings": {"cube": "large"}})
    assert asked == [16]
