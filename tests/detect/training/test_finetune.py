"""Training: it learns, goes on where it was killed, keeps its best epoch, and sees both labels alike."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.detect.boxes import NEGATIVE, OTHER, POSITIVE
from drasclr_core.detect.boxes.folds import validation_split
from drasclr_core.detect.detector.calibration import calibration_of
from drasclr_core.detect.detector.detector import Detector
from drasclr_core.detect.detector.forward import box_outputs, box_tensors, direct_logits
from drasclr_core.detect.training import finetune as loop
from drasclr_core.detect.training.config import FinetuneConfig
from drasclr_core.detect.training.cross_validation import scratch_encoder, train_detector
from drasclr_core.detect.training.finetune import balanced_batches
from drasclr_core.model import Encoder

CONFIG = FinetuneConfig(
    epochs=4, batch_size=8, views=2, lr=1e-4, batch_norm="frozen", noise_std=0.0, density_hu=0.0, save_every_s=0.0
)


def train(boxes, encoder, config=CONFIG, state=None):
    torch.set_num_threads(1)  # sums in another order would differ
    about = {"key": "k", "subtype": "centrilobular"}
    return train_detector(boxes, boxes.rows("centrilobular"), encoder, config, about, state)


def same(one, other):
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_loss_falls_in_twenty_steps(planted, encoder):
    _, log = train(planted, encoder)
    assert len(log) * len(balanced_batches(planted.kinds("centrilobular"), 8, 0, 0)) == 20
    assert log["loss"].iloc[0] < 0.75 and log["loss"].iloc[-1] < 0.6 * log["loss"].iloc[0]


def test_from_scratch_too(planted, encoder):
    config = FinetuneConfig(
        epochs=4, batch_size=8, views=2, lr=1e-2, head_lr=1e-2, batch_norm="trained", noise_std=0.0, density_hu=0.0
    )
    before = encoder.blocks[0].norm.running_mean.clone()
    detector, log = train(planted, scratch_encoder(encoder, "none", 0), config)
    assert log["loss"].iloc[0] < 0.75 and log["loss"].iloc[-1] < 0.75 * log["loss"].iloc[0]
    assert detector.encoder.description["patch_size"] == encoder.description["patch_size"]
    assert torch.equal(encoder.blocks[0].norm.running_mean, before), "the encoder that was given has changed"


def test_frozen_statistics_stay(planted, encoder):
    detector, _ = train(planted, encoder)
    for mine, given_ in zip(detector.encoder.blocks, encoder.blocks, strict=True):
        assert torch.equal(mine.norm.running_var, given_.norm.running_var)
        assert not torch.equal(mine.conv.weight, given_.conv.weight)


def test_landmark_norm_keeps_its_statistics_and_the_rest_learns(planted, encoder):
    """Boxes lie anywhere, so no batch of them is of one landmark."""
    torch.manual_seed(0)
    kept = Encoder(rep_dim=8, num_experts=2, norm="landmark", landmarks=4)
    kept.interpolation.place(torch.rand(4, 3) * 2 - 1)
    for block in kept.blocks:
        block.norm.means.normal_(std=0.1), block.norm.log_variances.fill_(-2)
    kept.description = dict(encoder.description)
    detector, log = train(planted, kept.eval(), replace(CONFIG, batch_norm="trained", lr=3e-3, epochs=14, patience=14))
    assert log["loss"].iloc[-1] < 0.9 * log["loss"].iloc[0]
    for mine, given_ in zip(detector.encoder.blocks, kept.blocks, strict=True):
        assert torch.equal(mine.norm.means, given_.norm.means)
        assert not torch.equal(mine.conv.weight, given_.conv.weight)
        assert not torch.equal(mine.norm.weight, given_.norm.weight)


def test_killed_and_resumed_equals_uninterrupted(planted, encoder, tmp_path, monkeypatch):
    whole, log = train(planted, encoder)
    state, real, calls = tmp_path / "state.pt", loop.balanced_loss, []

    def killed(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(loop, "balanced_loss", killed)
    with pytest.raises(KeyboardInterrupt):
        train(planted, encoder, state=state)
    assert state.exists()
    resumed, again = train(planted, encoder, state=state)
    assert len(calls) == 5, "epochs were trained again"
    assert same(whole, resumed) and again.equals(log) and not state.exists()


def test_a_state_of_other_inputs_is_not_used(planted, encoder, tmp_path):
    state = tmp_path / "state.pt"
    torch.save({"key": "another", "model": {}}, state)
    short = FinetuneConfig(epochs=1, views=1)
    detector, _ = train(planted, encoder, short, state)
    assert same(detector, train(planted, encoder, short)[0])


def test_early_stopping_returns_the_best_epoch(planted, encoder, monkeypatch):
    losses, seen = iter([0.9, 0.4, 0.6, 0.5, 0.1, 0.0]), []

    def scripted(detector, *_):
        seen.append({name: tensor.clone() for name, tensor in detector.state_dict().items()})
        return next(losses)

    monkeypatch.setattr(loop, "balanced_loss", scripted)
    config = FinetuneConfig(epochs=6, patience=2, views=1, lr=1e-3)
    detector, log = train(planted, encoder, config)
    assert log["validation_loss"].tolist() == [0.9, 0.4, 0.6, 0.5] and log["best"].tolist() == [
        True,
        True,
        False,
        False,
    ]
    slope, best = detector.description["calibration"]["slope"], detector.state_dict()
    torch.testing.assert_close(best["head.weight"] / slope, seen[1]["head.weight"])
    assert all(torch.equal(best[name], seen[1][name]) for name in best if name.startswith("encoder."))


def test_another_seed_is_another_training(planted, encoder):
    other = FinetuneConfig(epochs=1, views=1, seed=1)
    one = FinetuneConfig(epochs=1, views=1, seed=0)
    assert not same(train(planted, encoder, one)[0], train(planted, encoder, other)[0])
    assert same(train(planted, encoder, one)[0], train(planted, encoder, one)[0])


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 20), st.integers(1, 8), st.integers(0, 5))
def test_batches_are_balanced_and_hold_twins(positive, negative, other, half, epoch):
    kinds = np.r_[np.full(positive, POSITIVE), np.full(negative, NEGATIVE), np.full(other, OTHER)]
    batches = balanced_batches(kinds, 2 * half, 0, epoch)
    assert ((kinds[batches] == POSITIVE).sum(axis=1) == half).all()
    assert ((kinds[batches] == OTHER).sum(axis=1) == (half // 2 if other else 0)).all()
    for kind in np.unique(kinds[batches]):
        times = np.bincount(batches[kinds[batches] == kind], minlength=len(kinds))[kinds == kind]
        assert times.max() - times.min() <= 1, "a box is seen twice before another is seen once"


@pytest.mark.parametrize(
    ("labels", "size", "message"), [([1, 1], 2, "one kind"), ([1, 2], 2, "one kind"), ([1, 0], 3, "even number")]
)
def test_no_balance_possible(labels, size, message):
    with pytest.raises(ValueError, match=message):
        balanced_batches(np.array(labels), size, 0, 0)


@settings(deadline=None)
@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 6), st.integers(1, 4), st.integers(0, 20))
def test_nobody_trains_and_stops_the_training(ill, healthy, other, each, seed):
    subjects = np.repeat([POSITIVE, NEGATIVE, OTHER], [ill, healthy, other])
    sids, kinds = np.repeat([f"S{index}" for index in range(len(subjects))], each), np.repeat(subjects, each)
    if each > 1:
        kinds[1] = OTHER  # the first subject has boxes of both subtypes
    held_out = validation_split(sids, kinds, seed)
    assert not set(sids[held_out]) & set(sids[~held_out])
    for kind in (POSITIVE, NEGATIVE, *[OTHER] * (other > 1)):
        assert held_out[kinds == kind].any() and not held_out[kinds == kind].all()


def test_a_single_subject_trains():
    kinds = np.array([POSITIVE, POSITIVE, NEGATIVE, NEGATIVE])
    assert not validation_split(np.array(["a", "a", "b", "c"]), kinds).any()


def test_held_out_boxes_calibrate_the_detector_and_keep_its_order(planted, encoder):
    detector, _ = train(planted, encoder)
    slope, intercept = detector.description["calibration"].values()
    rows = planted.rows("centrilobular")
    kinds = planted.kinds("centrilobular")[rows]
    held_out = validation_split(planted.table["sid"].to_numpy()[rows], kinds, CONFIG.seed)
    logits = direct_logits(detector, planted.patches, rows[held_out])
    raw = (logits - intercept) / slope
    assert (slope, intercept) == pytest.approx(calibration_of(raw, kinds[held_out] == POSITIVE), rel=1e-2, abs=1e-2)
    assert slope > 0 and (slope, intercept) != (1.0, 0.0)


def test_settings_that_cannot_be():
    for wrong in ({"batch_norm": "off"}, {"epochs": 0}):
        with pytest.raises(ValueError):
            FinetuneConfig(**wrong)


def test_logits_do_not_depend_on_the_batch(planted, encoder):
    detector = Detector(encoder)
    torch.nn.init.normal_(detector.head.weight)
    hu, places = box_tensors(planted.patches, np.arange(len(planted.fold)), "cpu")
    together = box_outputs(detector, hu, places)
    torch.testing.assert_close(together[5:7], box_outputs(detector, hu[5:7], places[5:7]), rtol=1e-4, atol=1e-4)


def test_density_shifts_a_patch_as_a_whole():
    hu = torch.full((5, 1, 2, 2, 2), -900, dtype=torch.int16)
    shifted = loop.shift_density(hu, 50.0, torch.Generator().manual_seed(0))
    moved = (shifted - hu).flatten(1)
    assert shifted.dtype == hu.dtype and (moved == moved[:, :1]).all()
    assert moved.abs().max() <= 50 and len(moved[:, 0].unique()) > 2
    assert torch.equal(loop.shift_density(hu, 0.0, torch.Generator()), hu)
