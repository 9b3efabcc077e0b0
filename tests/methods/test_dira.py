"""DiRA: whom its gradients reach, when its adversary comes in, what it is shown, and resuming."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from drasclr_core.methods.dira import DiRA, DiRASettings, pretext_pictures
from drasclr_core.model import Encoder, center_views
from drasclr_core.pretrain import Augmentation, BatchShard, pretrain
from drasclr_core.pretrain.distorted_views import RestorationViews
from drasclr_core.pretrain.setup import build_method
from drasclr_core.pretrain.views import step_generator

from ..pretrain.conftest import make_tiny
from ..pretrain.interrupted import assert_resumes

MILD = Augmentation(size=8, spacing_mm=4.0, contrast_p=0.0)
SETTINGS = DiRASettings(epochs=2, batch_size=8, bank_size=24, rep_dim=16, dim=8, key_momentum=0.9, lr=0.03,
                        adversarial_from=0.5, decoder_width=2, discriminator_width=4, augmentation=MILD, threads=1,
                        accelerator="cpu", log_every=1, save_every_s=0.0)  # fmt: skip
EVERY = BatchShard.whole(8)


def make(settings=SETTINGS, done=0.0, **sizes):
    """An untrained method with a batch, and the views of it."""
    store, atlas = make_tiny(**sizes)
    model = build_method(DiRA, settings, atlas)
    model.done = done
    batch = next(model.sampler(len(store.sids), 1).epoch(0))
    return model, batch, model.views(model.read(store, batch, EVERY), step_generator(0, 0, 0), EVERY)


def gradients(module):
    return [None if weight.grad is None else weight.grad.clone() for weight in module.parameters()]


def test_losses_fall_in_twenty_steps(tmp_path):
    settings = replace(SETTINGS, epochs=10, most_steps=20, batch_size=16, lr=0.1, bank_size=64, save_every_s=1e9,
                       adversarial_from=0.8)  # fmt: skip
    log = pretrain(*make_tiny(), tmp_path, DiRA, settings)
    told = log["loss_contrast"] - log["chance"]
    assert told[-5:].mean() < told[0] - 0.1
    assert log["loss_restoration"][-5:].mean() < 0.8 * log["loss_restoration"][0]
    for name in ("loss_adversarial", "loss_discriminator"):
        np.testing.assert_array_equal(log[name] > 0, log["step"] > 16)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, pretrain(*make_tiny(), folder, DiRA, SETTINGS)


@pytest.mark.parametrize("stop", [3, 6], ids=["before the adversary", "with it"])
def test_an_interrupted_run_ends_bit_for_bit_like_an_uninterrupted_one(stop, tmp_path, monkeypatch):
    resumed, done = assert_resumes(make_tiny, DiRA, SETTINGS, stop, tmp_path, monkeypatch)
    log = pd.read_csv(resumed / "log.csv")
    assert done == stop and log["step"].tolist() == list(range(1, 9))
    np.testing.assert_array_equal(log["loss_discriminator"] > 0, log["step"] > 4)


def test_generator_and_discriminator_learn_each_from_its_own_loss():
    """One backward pass of all losses against a pass of each party's own, in the published order."""
    model, batch, views = make(done=0.5)
    model, views = model.double(), RestorationViews(*(view.double() for view in views))
    begin = {name: value.clone() for name, value in model.state_dict().items()}
    loss, _ = model.step(batch, views, EVERY)
    loss.backward()
    joint = gradients(model.generator), gradients(model.discriminator)
    assert all(grad is not None and grad.any() for grad in joint[1][:-1:2])

    model.load_state_dict(begin)
    _, made = model.generator(views.query, model.locations[0])
    real = (views.crop + 1) / 2
    model.zero_grad()
    to_real, to_made = model.discriminator(real), model.discriminator(made.detach())
    (0.5 * (F.mse_loss(to_real, torch.ones_like(to_real)) + F.mse_loss(to_made, torch.zeros_like(to_made)))).backward()
    assert all(grad is None for grad in gradients(model.generator))
    for ours, theirs in zip(joint[1], gradients(model.discriminator), strict=True):
        torch.testing.assert_close(ours, theirs)

    model.load_state_dict(begin)
    model.zero_grad()
    model.settings = replace(SETTINGS, adversarial_weight=0.0)
    model.step(batch, views, EVERY)[0].backward()
    rest = gradients(model.generator)
    model.load_state_dict(begin)
    model.zero_grad()
    answers = model.discriminator(model.generator(views.query, model.locations[0])[1])
    (SETTINGS.adversarial_weight * F.mse_loss(answers, torch.ones_like(answers))).backward()
    for ours, other, theirs in zip(joint[0], rest, gradients(model.generator), strict=True):
        torch.testing.assert_close(ours, other if theirs is None else other + theirs)


def test_the_discriminator_is_untrained_when_it_comes_in():
    """Its weights are the initial ones, and its first step is Adam's first step: as long as the rate, everywhere."""
    model, batch, views = make()
    optimizer, begin = model.optimizer(), [weight.clone() for weight in model.discriminator.parameters()]
    for model.done in (0.0, 0.25, 0.49):
        loss, _ = model.step(batch, views, EVERY)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert all(torch.equal(*pair) for pair in zip(begin, model.discriminator.parameters(), strict=True))
    model.done = 0.5
    loss, _ = model.step(batch, views, EVERY)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    for before, after in list(zip(begin, model.discriminator.parameters(), strict=True))[-2:]:
        torch.testing.assert_close((after - before).abs(), torch.full_like(after, SETTINGS.discriminator_lr),
                                   rtol=0.02, atol=1e-6)  # fmt: skip


def test_the_rate_of_the_discriminator_stays(whole):
    """The log's rate is the generator's, which falls."""
    assert whole[1]["lr"].iloc[-1] < whole[1]["lr"].iloc[0] == pytest.approx(SETTINGS.lr)
    rates = [group.get("scheduled", True) for group in make()[0].optimizer().param_groups]
    assert rates == [True, False]


def test_a_query_finds_its_key_among_others_of_all_landmarks():
    """The contrast against a slow definition: the keys of other subjects, each once."""
    model, batch, views = make(replace(SETTINGS, bank_size=8))
    query, _ = model.generator(views.query, model.locations[0])
    told = model.step(batch, views, EVERY)[1][0]
    keys, losses = model.bank.keys[0], []  # the batch has overwritten the whole bank
    for row, subject in enumerate(batch.subjects):
        scores = [query[row] @ keys[row]]
        scores += [query[row] @ key for key, other in zip(keys, batch.subjects, strict=True) if other != subject]
        losses.append(-F.log_softmax(torch.stack(scores) / SETTINGS.temperature, 0)[0])
    torch.testing.assert_close(told, torch.stack(losses).mean(), rtol=1e-3, atol=1e-4)
    assert len(np.unique(batch.landmarks)) > 1


def test_views_do_not_depend_on_the_number_of_processes():
    (model, batch, views), (store, _) = make(), make_tiny()
    order = np.random.default_rng(0).permutation(8)
    for rank in range(2):
        shard = BatchShard.of(8, rank, 2, 1, order)
        part = model.views(model.read(store, batch, shard), step_generator(0, 0, 0), shard)
        torch.testing.assert_close(part.crop, views.crop[shard.rows])
        torch.testing.assert_close(part.query, views.query[shard.rows])
        torch.testing.assert_close(part.key, views.key[shard.key_rows])
    assert not torch.equal(views.query, views.key)


def test_the_crop_is_what_the_query_was_before_it_was_changed():
    plain = replace(SETTINGS, cut_p=0.0, around_p=0.0, exchange_p=0.0, augmentation=replace(MILD, noise_p=0.0))
    _, _, views = make(plain)
    torch.testing.assert_close(views.crop, views.query, atol=1e-5, rtol=0)
    _, _, changed = make()
    assert (changed.crop != changed.query).flatten(1).any(dim=1).sum() >= 4


@pytest.mark.parametrize("size", [8, 16])
def test_the_encoder_that_is_kept_gives_the_same_features(size, tmp_path):
    settings = replace(SETTINGS, augmentation=replace(MILD, size=size))
    store, atlas = make_tiny(size=size + 4)
    model = build_method(DiRA, settings, atlas)
    encoder = model.encoder.eval()
    encoder.save_pretrained(tmp_path)
    x, location = center_views(torch.from_numpy(store.read(0, np.arange(8))), size)[:, None], model.locations[0]
    with torch.no_grad():
        torch.testing.assert_close(Encoder.from_pretrained(tmp_path)(x, location), encoder(x, location), rtol=0, atol=0)
        torch.testing.assert_close(encoder.maps(x, location)[-1].flatten(1), encoder(x, location))


def test_pictures_of_the_pretext_are_those_of_the_training():
    store, _ = make_tiny()
    pictures = pretext_pictures(torch.from_numpy(store.read(0, np.arange(8))), SETTINGS, step_generator(0, 0, 0))
    assert list(pictures)[:2] == ["crop, to be restored", "distorted"]
    assert {tuple(one.shape) for one in pictures.values()} == {(8, 8, 8, 8)}
    again = pretext_pictures(torch.from_numpy(store.read(0, np.arange(8))), SETTINGS, step_generator(0, 0, 0))
    assert all(torch.equal(pictures[name], again[name]) for name in pictures)


@pytest.mark.parametrize("wrong", [{"adversarial_from": 1.5}, {"cut_p": 0.9}, {"exchange_p": -0.1}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(SETTINGS, **wrong)
