"""Everything that has to be measured on a GPU, in the order of its worth and within one budget: ``make gpu``.

1. parity: embeddings, loss and gradients of a step on the device against the same on the processor;
2. speed: ``train_step.py`` there (eager, mixed precision, ``torch.compile``, CUDA graphs, the per-sample loop);
3. pretraining: phantoms of a preset (1 mm, 32^3 patches) are made on the machine's cores and trained on.

What is finished is written at once. A part that the time no longer allows is left out, and the table says so.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import torch
from common import DATA, write_table
from step import Step

from drasclr_core.run import project_root

LEAST = {"parity": 0.5, "speed": 2.0, "pretraining": 5.0}
"""Minutes below which a part is not begun."""
SHARES = {"parity": 0.1, "speed": 0.4, "pretraining": 1.0}
"""Of the minutes that are left, what a part may take."""
GRACE_S = 20.0
"""Seconds that a part has to end by itself, once its time is over."""


def parity(device: torch.device, patch: int, batch: int = 8) -> list[dict]:
    """Differences of a step on the device from the same on the processor (see `differences`)."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    here, there = Step(batch, patch, torch.device("cpu")), Step(batch, patch, device)
    there.model.load_state_dict(here.model.state_dict())
    there.views = type(here.views)(*(view.to(device) for view in here.views))
    return differences(here, there)


def differences(here: Step, there: Step) -> list[dict]:
    """Largest differences of embeddings, loss and gradients of two steps, relative to the largest value."""
    rows = []

    def add(what: str, ours: torch.Tensor, theirs: torch.Tensor) -> None:
        difference = (theirs.detach().cpu() - ours.detach()).abs().max() / ours.detach().abs().max()
        rows.append({"what": what, "relative difference": float(difference)})

    add("embeddings of the queries", here.query(), there.query())
    losses = [step.loss() for step in (here, there)]
    add("loss", *losses)
    for step, loss in zip((here, there), losses, strict=True):
        step.backward(loss)
    pairs = zip(here.model.parameters(), there.model.parameters(), strict=True)
    known = [(a.grad.flatten(), b.grad.cpu().flatten()) for a, b in pairs if a.grad is not None]
    add("gradients", *(torch.cat(side) for side in zip(*known, strict=True)))
    return rows


def speed(given: argparse.Namespace, seconds: float) -> None:
    """``train_step.py`` on the device, in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("train_step.py")), "--device", given.device, "--out",
               str(given.out / "gpu"), "--patch", str(given.patch), "--repetitions", str(given.repetitions),
               "--batches", *map(str, given.batches)]  # fmt: skip
    run_within(command, seconds)


def pretraining(given: argparse.Namespace, seconds: float) -> None:
    """The preset's run up to its features; what is done when time ends stays, and a second call goes on."""
    cores, page = os.cpu_count() or 1, project_root() / "runs" / given.run / "notebooks" / "copd" / "07_features.ipynb"
    settings = [f"run={given.run}", f"preset={given.preset}", f"shards={max(1, cores // 2)}"]
    python = [sys.executable, "-m", "drasclr_core.workflow.warm", sys.executable, "-m"]
    command = [*python, "snakemake", "--nolock", "--cores", str(cores), "--rerun-incomplete", "--quiet", "rules",
               "--config", *settings, "--", str(page)]  # fmt: skip
    run_within(command, seconds, project_root())


def run_within(command: list[str], seconds: float, cwd: Path | None = None) -> None:
    """Runs a command in a session of its own, and ends all that it started when its time is over or this is stopped.

    Raises
    ------
    subprocess.TimeoutExpired
        It took longer than that many seconds.
    subprocess.CalledProcessError
        It failed.
    """
    process = subprocess.Popen(command, cwd=cwd, start_new_session=True)
    try:
        code = process.wait(seconds)
    except BaseException:
        for sent in (signal.SIGTERM, signal.SIGKILL):  # the second for what outlives the first
            with suppress(ProcessLookupError):
                os.killpg(process.pid, sent)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_S)
        raise
    if code:
        raise subprocess.CalledProcessError(code, command)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=15.0, help="for all parts together")
    parser.add_argument("--parts", nargs="+", choices=list(LEAST), default=list(LEAST))
    parser.add_argument("--patch", type=int, default=32)
    parser.add_argument("--batches", type=int, nargs="+", default=[8, 32, 128])
    parser.add_argument("--repetitions", type=int, default=6)
    parser.add_argument("--preset", default="presets/gpu.yaml")
    parser.add_argument("--run", default="gpu", help="name of the run that part 3 makes")
    parser.add_argument("--out", type=Path, default=DATA)
    given = parser.parse_args()
    if given.device.startswith("cuda") and not torch.cuda.is_available():
        sys.exit("PyTorch sees no GPU here: run this where there is one, or try the script out with --device cpu.")
    began, said = time.monotonic(), []
    for part in given.parts:
        left = given.minutes - (time.monotonic() - began) / 60
        row = {"part": part, "minutes": 0.0, "result": "left out: no time"}
        if left >= LEAST[part] * min(1.0, given.minutes / 15):
            start = time.monotonic()
            try:
                if part == "parity":
                    write_table(
                        parity(torch.device(given.device), given.patch), "gpu_parity", given.out, device=given.device
                    )
                else:
                    {"speed": speed, "pretraining": pretraining}[part](given, 60 * left * SHARES[part])
                row["result"] = "done"
            except (subprocess.SubprocessError, RuntimeError) as error:
                row["result"] = f"{type(error).__name__}: see the messages above"
            row["minutes"] = round((time.monotonic() - start) / 60, 2)
        said.append(row)
        write_table(said, "gpu", given.out, device=given.device)


if __name__ == "__main__":
    main()
