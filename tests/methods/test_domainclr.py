"""DomainCLR: every strategy learns, both stages run and resume, and a frozen encoder is frozen."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from drasclr_core.methods import load_encoder
from drasclr_core.methods.domainclr import DomainCLR, DomainCLRSettings, pretext_pictures
from drasclr_core.model.inputs import center_views
from drasclr_core.pretrain import Augmentation, BatchShard, pretrain, step_generator
from drasclr_core.pretrain.setup import build_method
from drasclr_core.represent import untrained_encoder

from ..pretrain.conftest import make_tiny
from ..pretrain.interrupted import assert_resumes

SETTINGS = DomainCLRSettings(
    epochs=2, batch_size=16, rep_dim=16, hidden=16, dim=8, lr=3e-3, crop=0.8, local_share=0.0, slabs=2,
    augmentation=Augmentation(size=8, spacing_mm=4.0), threads=1, accelerator="cpu", log_every=1, save_every_s=1e9,
)  # fmt: skip


def cohort(subjects=12):
    """Eight landmarks in two slabs, of which the upper one is denser."""
    store, atlas = make_tiny(subjects=subjects, landmarks=8)
    store.patches[4:] += 300
    return store, atlas


@pytest.mark.parametrize("strategy", ["R", "D-", "D"])
def test_the_global_loss_falls_in_twenty_steps(strategy, tmp_path):
    settings = replace(SETTINGS, strategy=strategy, epochs=4, most_steps=20, lr=1e-2)
    log = pretrain(*cohort(), tmp_path, DomainCLR, settings)
    assert len(log) == 20
    gained = log["loss_global"] - log["chance"]
    assert gained[15:].mean() < gained[:3].mean() - 0.5 and gained[15:].mean() < (0.1 if strategy == "R" else -0.1)
    assert (log["loss_local"] == 0).all() and (log["lr"] == settings.lr).all()


def test_the_local_loss_falls_and_leaves_the_encoder_alone(tmp_path):
    """The last 20 of 24 steps: the decoder learns, what is kept is what 4 steps gave, unless the setting says so."""
    two = replace(SETTINGS, epochs=4, local_share=5 / 6)
    log = pretrain(*cohort(), tmp_path / "two", DomainCLR, two)
    assert len(log) == 24 and (log["loss_global"][3:] == log["loss_global"][3]).all()
    assert log["loss_local"][:4].tolist() == pytest.approx([np.log(11)] * 4, abs=1e-5)
    assert log["loss_local"][18:].mean() < log["loss_local"][4:7].mean() - 0.5
    frozen, trained = load_encoder(tmp_path / "two"), replace(two, local_trains_encoder=True)
    pretrain(*cohort(), tmp_path / "trained", DomainCLR, trained)
    # All 4 global steps of `two`, without a local one; the decoder is built all the same, so that weights are equal.
    pretrain(*cohort(), tmp_path / "one", DomainCLR, replace(two, most_steps=4, local_share=1e-9))
    one = load_encoder(tmp_path / "one").state_dict()
    for name, weight in frozen.named_parameters():
        assert torch.equal(weight, one[name])
    moved = load_encoder(tmp_path / "trained").state_dict()
    assert not torch.equal(moved["blocks.0.0.weight"], one["blocks.0.0.weight"])


@pytest.mark.parametrize("stop", [4, 9])
def test_an_interrupted_run_ends_bit_for_bit_like_an_uninterrupted_one(stop, tmp_path, monkeypatch):
    """Interrupted in the first and in the second of two stages, with 6 steps of each."""
    settings = replace(SETTINGS, local_share=0.5, save_every_s=0.0)
    assert_resumes(cohort, DomainCLR, settings, stop, tmp_path, monkeypatch)


@pytest.mark.parametrize("strategy, forms", [("R", "cc"), ("D-", "wcc"), ("D", "wc")])
def test_forms_partners_and_partitions_are_those_of_the_strategy(strategy, forms):
    """c: changed part, w: the whole patch. Partners are of the slab, or of the landmark, and of other subjects."""
    store, atlas = cohort()
    for partition in ("slab", "landmark"):
        method = build_method(DomainCLR, replace(SETTINGS, strategy=strategy, partition=partition), atlas)
        batch = next(method.sampler(12, 1).epoch(0))
        shard = BatchShard.whole(len(batch.subjects))
        stored = method.read(store, batch, shard)
        views = method.views(stored, step_generator(0, 0, 0), shard)
        whole = center_views(torch.from_numpy(stored.patches), 8)[:, None]
        shown = views.views.unflatten(0, (len(forms), len(batch.subjects)))
        assert [torch.equal(one, whole) for one in shown] == [kind == "w" for kind in forms]
        assert not torch.equal(shown[-1], shown[-2])
        places = batch.landmarks // 4 if partition == "slab" else batch.landmarks
        assert views.partitions.tolist() == places.tolist()
        assert (views.partner is None) == (strategy != "D")
        for sample, partner in enumerate([] if views.partner is None else views.partner.tolist()):
            if partner >= 0:
                assert places[partner] == places[sample] and batch.subjects[partner] != batch.subjects[sample]


def test_a_process_sees_its_part_of_what_one_process_draws():
    store, atlas = cohort()
    method = build_method(DomainCLR, replace(SETTINGS, strategy="R"), atlas)
    batch = next(method.sampler(12, 2).epoch(0))
    whole = BatchShard.whole(len(batch.subjects))
    every = method.views(method.read(store, batch, whole), step_generator(0, 0, 0), whole).views.unflatten(0, (2, -1))
    for rank in (0, 1):
        shard = BatchShard.of(whole.size, rank, 2)
        views = method.views(method.read(store, batch, shard), step_generator(0, 0, 0), shard)
        assert torch.equal(views.views, every[:, shard.rows].flatten(0, 1))
        loss, _ = method.step(batch, views, shard)
        assert torch.isfinite(loss)
    with pytest.raises(ValueError, match="local_share 0"):
        build_method(DomainCLR, replace(SETTINGS, local_share=0.5), atlas).sampler(12, 2)


def test_the_untrained_encoder_is_of_the_same_form(tmp_path):
    store, atlas = cohort()
    pretrain(store, atlas, tmp_path, DomainCLR, replace(SETTINGS, epochs=1))
    encoder = load_encoder(tmp_path)
    untrained = untrained_encoder(encoder, store, seed=1)
    views = torch.rand(2, 1, 8, 8, 8)
    assert encoder.levels == untrained.levels == 4
    assert not torch.allclose(encoder(views, torch.zeros(3)), untrained(views, torch.zeros(3)))


def test_pictures_show_the_positives_of_strategy_d():
    stored = torch.from_numpy(cohort()[0].patches[0])
    made = pretext_pictures(stored, SETTINGS, torch.Generator().manual_seed(0))
    assert [*made][2] == "positive: same slab, other subject"
    patch, part, other, other_part = made.values()
    assert all(one.shape == (12, 8, 8, 8) for one in made.values())
    assert torch.equal(patch, center_views(stored, 8)) and torch.equal(other[0], patch[1])
    assert torch.equal(other_part[-1], part[0]) and not torch.equal(part, patch)


def test_what_cannot_be_trained_is_refused():
    with pytest.raises(ValueError, match="strategy"):
        replace(SETTINGS, strategy="G")
    with pytest.raises(ValueError, match="local_share"):
        replace(SETTINGS, local_share=1.0)
    _, atlas = make_tiny()  # all landmarks at one height
    with pytest.raises(ValueError, match="no negatives: take strategy R"):
        build_method(DomainCLR, SETTINGS, atlas)
