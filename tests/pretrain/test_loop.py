import io
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from drasclr_core.methods.drasclr import DrasCLR
from drasclr_core.model import Encoder
from drasclr_core.pretrain import pretrain
from drasclr_core.pretrain.resume import load_state, save_state
from drasclr_core.pretrain.schedule import cosine_rate
from drasclr_core.pretrain.views import step_generator

from .conftest import CONFIG, make_tiny
from .interrupted import Interrupted, assert_resumes, assert_same_run

CONFTEST = str(Path(__file__).parent / "conftest.py")


def test_writes_an_encoder_that_can_be_loaded_and_says_what_it_is(tiny, tmp_path):
    store, atlas = tiny
    log = pretrain(store, atlas, tmp_path, DrasCLR, CONFIG)
    encoder = Encoder.from_pretrained(tmp_path)
    assert encoder.description["patch_size"] == 8
    assert encoder.description["config"]["lr"] == CONFIG.lr
    np.testing.assert_allclose(encoder.description["locations"], atlas.locations, atol=1e-6)
    assert not (tmp_path / "resume").exists()
    assert log["step"].tolist() == [3, 6, 8, 11, 14, 16, 19, 22, 24, 27, 30, 32]
    assert log["lr"].tolist() == sorted(log["lr"], reverse=True)


def test_loss_starts_near_chance_and_falls(tmp_path):
    mild = replace(CONFIG.augmentation, contrast_p=0)  # gamma hides what tells these noise patches apart
    config = replace(CONFIG, epochs=20, batch_size=32, bank_size=32, neighbors=0, augmentation=mild, lr=0.1,
                     log_every=1, save_every_s=1e9)  # fmt: skip
    log = pretrain(*make_tiny(subjects=32), tmp_path, DrasCLR, config)
    assert (log["negatives"] == 31).all()
    assert abs(log["loss_local"][0] - math.log(32)) < 0.8
    assert log["loss_local"][15:20].mean() < log["loss_local"][0] - 0.3
    assert log["loss_local"][-10:].mean() < math.log(32) - 1
    assert log["accuracy"][-10:].mean() > 8 / 32
    assert (log["loss_neighbor"] == 0).all()


def test_a_run_of_batches_fills_the_bank_with_negatives_that_are_new_enough(tmp_path):
    """Two batches of 4 of the 8 subjects per landmark: first 3 others, then 7; keys of the last epoch are too old."""
    cohort = make_tiny(landmarks=3)  # with this seed no landmark ends one epoch and begins the next
    log = pretrain(
        *cohort,
        tmp_path,
        DrasCLR,
        replace(CONFIG, epochs=2, bank_size=8, max_key_age=2, landmark_run_length=2, log_every=1),
    )
    assert log["negatives"].tolist() == [3, 7] * 6


BLOCKS = replace(CONFIG, landmarks_per_step=2, norm="landmark", warmup=0.2)


@pytest.mark.parametrize("config", [CONFIG, replace(BLOCKS, epochs=16), replace(CONFIG, alike_density=True)],
                         ids=["one landmark", "blocks", "alike density"])  # fmt: skip
def test_an_interrupted_run_ends_bit_for_bit_like_an_uninterrupted_one(config, tiny, tmp_path, monkeypatch):
    # in the middle of an epoch, one step after a saved one
    resumed, done = assert_resumes(lambda: tiny, DrasCLR, config, 19, tmp_path, monkeypatch)
    assert 17 <= done <= 19
    assert pd.read_csv(resumed / "log.csv")["seconds"].is_monotonic_increasing


def test_a_killed_process_is_resumed_bit_for_bit(tiny, tmp_path):
    pretrain(*tiny, tmp_path / "whole", DrasCLR, CONFIG)
    script = (
        "import runpy, sys; from drasclr_core.methods.drasclr import *; from drasclr_core.pretrain import *; "
        f"store, atlas = runpy.run_path({CONFTEST!r})['make_tiny'](); "
        f"pretrain(store, atlas, {str(tmp_path / 'killed')!r}, DrasCLR, {CONFIG!r})"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, "-c", script], env=environment, stderr=subprocess.DEVNULL)
    state = tmp_path / "killed" / "resume" / "state.pt"
    while not state.exists():
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed" / "config.json").exists()

    pretrain(*tiny, tmp_path / "killed", DrasCLR, CONFIG)
    assert_same_run(tmp_path / "whole", tmp_path / "killed")


def test_a_finished_run_is_repeated_only_if_something_changed(tiny, tmp_path):
    store, atlas = tiny
    config = replace(CONFIG, epochs=1)
    pretrain(store, atlas, tmp_path, DrasCLR, config)
    weights = tmp_path / "model.safetensors"
    first = weights.stat().st_mtime_ns
    pretrain(store, atlas, tmp_path, DrasCLR, replace(config, threads=2))  # how it is computed does not matter
    assert weights.stat().st_mtime_ns == first
    pretrain(store, atlas, tmp_path, DrasCLR, replace(config, seed=1, threads=1))
    second = weights.stat().st_mtime_ns
    assert second > first
    store.patches[:] += 100
    pretrain(store, atlas, tmp_path, DrasCLR, replace(config, seed=1, threads=1))
    assert weights.stat().st_mtime_ns > second


def test_a_training_killed_after_another_does_not_pass_for_it(tiny, tmp_path, monkeypatch):
    pretrain(*tiny, tmp_path, DrasCLR, CONFIG)
    first = (tmp_path / "log.csv").read_text()
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(DrasCLR, "finish", interrupted)
        pretrain(*tiny, tmp_path, DrasCLR, replace(CONFIG, seed=1))
    assert (tmp_path / "log.csv").read_text() != first
    pretrain(*tiny, tmp_path, DrasCLR, CONFIG)
    logs = [pd.read_csv(log).drop(columns="seconds") for log in (tmp_path / "log.csv", io.StringIO(first))]
    assert logs[0].equals(logs[1])


def interrupted(*_):
    raise KeyboardInterrupt


def test_labels_are_reported_on_and_change_nothing(tmp_path):
    """A run with an online probe, interrupted, ends with the weights of one without."""
    (store, atlas), config = make_tiny(subjects=12), replace(CONFIG, norm="landmark")
    labels = pd.DataFrame({"level": store.patches.mean(axis=(0, 2, 3, 4))})
    pretrain(store, atlas, tmp_path / "without", DrasCLR, config)
    pretrain(store, atlas, tmp_path / "with", DrasCLR, config, labels)
    assert_same_run(tmp_path / "without", tmp_path / "with")
    probes = pd.read_csv(tmp_path / "with" / "probe.csv")
    assert probes["epoch"].tolist() == [0, 1, 2, 3, 4]
    assert probes["r2"].max() > 0.3
    assert not (tmp_path / "without" / "probe.csv").exists()


def test_tensorboard_shows_what_the_log_holds(tiny, tmp_path, monkeypatch):
    """Also after an interruption: what was logged after the last saved state is replaced, not repeated."""
    rate, calls = DrasCLR.rate, iter(range(1000))

    def interrupt(*arguments):
        if next(calls) == 19:
            raise Interrupted
        return rate(*arguments)

    config = replace(CONFIG, save_every_s=0.2)
    monkeypatch.setattr(DrasCLR, "rate", interrupt)
    with pytest.raises(Interrupted):
        pretrain(*tiny, tmp_path, DrasCLR, config)
    monkeypatch.undo()
    log = pretrain(*tiny, tmp_path, DrasCLR, config)
    board = EventAccumulator(str(tmp_path / "tensorboard"), purge_orphaned_data=True)
    board.Reload()
    events = board.Scalars("loss_local")
    assert [event.step for event in events] == log["step"].tolist()
    np.testing.assert_allclose([event.value for event in events], log["loss_local"], rtol=1e-4)


@pytest.mark.parametrize("conditioning", ["none", "concat", "hypernetwork"])
def test_every_conditioning_can_be_pretrained(conditioning, tiny, tmp_path):
    log = pretrain(*tiny, tmp_path, DrasCLR, replace(CONFIG, epochs=1, conditioning=conditioning))
    assert np.isfinite(log.to_numpy()).all()
    assert Encoder.from_pretrained(tmp_path).conditioning == conditioning


def test_mixed_precision_is_for_gpus(tiny, tmp_path):
    with pytest.raises(ValueError, match=r"bf16-mixed on a CPU.*32-true"):
        pretrain(*tiny, tmp_path, DrasCLR, replace(CONFIG, precision="bf16-mixed"))


def test_compiled_networks_learn_the_same(tmp_path, monkeypatch):
    """Only roundings may differ, which 64-bit shows, and the weights keep their names.

    The networks are traced and differentiated as for any compiler; the last step, C++ code that takes two minutes, is
    PyTorch's own matter.
    """
    traced = Mock(wraps=partial(torch.compile, backend="aot_eager"))
    monkeypatch.setattr(torch, "compile", traced)
    config = replace(CONFIG, epochs=1, neighbors=0, precision="64-true")
    eager = pretrain(*make_tiny(landmarks=2), tmp_path / "eager", DrasCLR, config)
    compiled = pretrain(*make_tiny(landmarks=2), tmp_path / "compiled", DrasCLR, replace(config, compile="default"))
    np.testing.assert_allclose(compiled["loss_local"], eager["loss_local"], rtol=1e-5)
    Encoder.from_pretrained(tmp_path / "compiled")
    assert traced.call_count == 2, "query and key"


def test_two_subjects_are_enough(tmp_path):
    log = pretrain(*make_tiny(subjects=2), tmp_path, DrasCLR, replace(CONFIG, epochs=1, batch_size=128))
    assert np.isfinite(log.to_numpy()).all()


def test_rate_is_the_cosine_of_the_epoch():
    assert cosine_rate(0.01, 0, 20) == 0.01
    assert cosine_rate(0.01, 10, 20) == pytest.approx(0.005)
    assert cosine_rate(0.01, 19, 20) == pytest.approx(6.16e-5, rel=1e-3)  # the last rate of the authors' run


def test_every_step_has_its_own_generator():
    draws = {torch.rand(1, generator=step_generator(seed, epoch, step)).item()
             for seed in range(3) for epoch in range(3) for step in range(30)}  # fmt: skip
    assert len(draws) == 3 * 3 * 30


@pytest.mark.parametrize("left", [0, 10, 2000])
def test_a_state_cut_short_is_named_with_the_remedy(left, tmp_path):
    save_state(tmp_path / "resume" / "state.pt", "key", model={"a": torch.zeros(1000)})
    path = tmp_path / "resume" / "state.pt"
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(ValueError, match=r"resume/state\.pt is not a whole state.*Delete it to begin"):
        load_state(path, "key", torch.device("cpu"))


def test_a_state_of_other_settings_is_not_used(tmp_path):
    save_state(tmp_path / "state.pt", "key", done=3)
    assert load_state(tmp_path / "state.pt", "key", torch.device("cpu")) == {"done": 3}
    assert load_state(tmp_path / "state.pt", "other", torch.device("cpu")) is None
