"""Two gloo processes against one. (That torchrun starts them is tested in tests/workflow/test_pretrain_command.py.)"""

import runpy
import sys
import tempfile
import time
from multiprocessing import connection
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from drasclr_core.pretrain import Augmentation
from drasclr_core.pretrain.sampling import Batch, LandmarkSampler
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import draw_views, read_patches, step_generator

from .. import forked

SCRIPT = Path(__file__).parent / "tiny_run.py"


def start(out, *settings):
    """Two processes that train together; their last words are in files beside `out`."""
    meeting = Path(tempfile.mkdtemp(dir=out.parent)) / "meeting"
    return [
        forked.start(
            SCRIPT, out, 2, *settings, told=meeting.with_name(f"{rank}.txt"), meeting=meeting, rank=rank, processes=2
        )
        for rank in range(2)
    ]


def run(out, *settings):
    processes = start(out, *settings)
    try:
        # The other one waits for one that failed.
        connection.wait([process.sentinel for process in processes], timeout=300)
        for process in processes:
            process.join(timeout=60)
        assert [process.exitcode for process in processes] == [0, 0], "".join(
            path.read_text()[-3000:] for path in sorted(out.parent.glob("*/[01].txt")))  # fmt: skip
    finally:
        for process in processes:
            process.kill()


def run_here(monkeypatch, out, *settings):
    """One process: this one."""
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(out), "1", *settings])
    runpy.run_path(str(SCRIPT), run_name="__main__")


def largest_difference(first, second):
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (first, second))
    return max((ours[name] - theirs[name]).abs().max().item() for name in ours)


@pytest.mark.parametrize("landmarks_per_step", [1, 4])
def test_two_processes_learn_what_one_does(tmp_path, monkeypatch, landmarks_per_step):
    """With group norm, which looks at no other sample, only rounding differs: 64-bit shows it.

    Eleven subjects make batches of 6 and 5, so some shares are unequal.
    """
    settings = (
        "norm=group",
        "precision=64-true",
        "epochs=3",
        "batch_size=6",
        f"landmarks_per_step={landmarks_per_step}",
    )
    run_here(monkeypatch, tmp_path / "one", *settings)
    run(tmp_path / "two", *settings)
    assert largest_difference(tmp_path / "one", tmp_path / "two") < 1e-10
    logs = [pd.read_csv(tmp_path / name / "log.csv") for name in ("one", "two")]
    for column in ("loss_local", "loss_neighbor", "accuracy", "negatives", "alignment"):
        np.testing.assert_allclose(logs[0][column], logs[1][column], rtol=1e-5)


@pytest.mark.slow
def test_two_killed_processes_are_resumed_bit_for_bit(tmp_path):
    run(tmp_path / "whole")
    processes = start(tmp_path / "killed")
    state = tmp_path / "killed" / "resume" / "state.pt"
    while not state.exists():
        assert all(process.is_alive() for process in processes), "the run ended before it could be killed"
        time.sleep(0.02)
    for process in processes:
        process.kill()
        process.join()
    assert not (tmp_path / "killed" / "config.json").exists()
    done = torch.load(state, weights_only=True)["done"]
    run(tmp_path / "killed")
    logs = [pd.read_csv(tmp_path / name / "log.csv") for name in ("whole", "killed")]
    assert 0 < done < logs[0]["step"].iloc[-1]
    assert largest_difference(tmp_path / "whole", tmp_path / "killed") == 0
    pd.testing.assert_frame_equal(*(log.drop(columns="seconds") for log in logs), check_exact=True)


def test_views_do_not_depend_on_the_number_of_processes(tiny):
    store, _ = tiny
    batch, order = Batch(1, np.array([5, 2, 7, 0, 3])), np.array([3, 0, 4, 1, 2])
    augment = Augmentation(size=8, spacing_mm=4.0)

    def views(share):
        patches = read_patches(store, batch, [0, 2], share)
        return draw_views(augment, patches, step_generator(0, 0, 0), share)

    whole = views(BatchShard.whole(5))
    for rank in range(2):
        share = BatchShard.of(5, rank, 2, order=order)
        for part, everything, rows in zip(views(share), whole, (share.rows, share.key_rows, share.rows), strict=True):
            assert torch.equal(part, everything[rows])


def test_every_process_gets_two_subjects_of_each_batch():
    sampler = LandmarkSampler(3, 9, 4, processes=2)
    assert {len(batch.subjects) for batch in sampler.epoch(0)} == {4, 5}
    with pytest.raises(ValueError, match=r"at least 6 subjects.*3 processes; take fewer"):
        LandmarkSampler(3, 5, 8, processes=3)
