"""The whole training step: the per-sample loop as published, one landmark at once, a block of landmarks, in one run.

``python benchmarks/train_step.py`` prints and writes a row per batch size. On a GPU add ``--device cuda``: then
mixed precision and ``torch.compile``, with and without CUDA graphs, are compared too.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import torch
from common import DATA, in_turns, matrix_rate, middle, seconds, write_table
from per_sample import per_sample
from step import BlockStep, Step
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from drasclr_core.pretrain.setup import keep_memory


class Calls(TorchDispatchMode):
    """Counts the operations that PyTorch carries out."""

    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += 1
        return function(*args, **(kwargs or {}))


def gigaflops(step: Step) -> float:
    """GFLOP of the networks in a step."""
    with FlopCounterMode(display=False) as flops:
        step.backward(step.loss())
    return flops.get_total_flops() / 1e9


def operations(run: Callable) -> int:
    """Operations of PyTorch in a step."""
    with Calls() as calls:
        run()
    return calls.count


def looped(step: Step, keep: bool = False):
    """The same step with the per-sample loop; with `keep`, it keeps its memory as ours does."""

    def run():
        keep_memory(keep)
        with per_sample():
            step()
        keep_memory()

    return run


def check_same_function(step: Step) -> None:
    """Stops unless both ways give the same embeddings."""
    ours = step.query()
    with per_sample():
        theirs = step.query()
    torch.testing.assert_close(ours, theirs, rtol=2e-3, atol=2e-3)


def peak_mb(batch: int, size: int, way: str) -> float:
    """Peak memory of a step in a process of its own, above what it holds before the step."""
    code = ("import sys; sys.path.insert(0, sys.argv[1]); from train_step import memory; "
            f"memory({batch}, {size}, {way!r})")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code, str(Path(__file__).parent)], capture_output=True, text=True,
                          check=True)  # fmt: skip
    return float(done.stdout)


def memory(batch: int, size: int, way: str) -> None:
    """What `peak_mb` runs."""
    torch.set_num_threads(1)
    keep_memory(way != "loop")
    step = (BlockStep if way == "block" else Step)(batch, size, torch.device("cpu"))
    before = psutil.Process().memory_info().rss
    run = looped(step) if way == "loop" else step
    run()
    # Not ru_maxrss: a child process begins with its parent's.
    status = Path("/proc/self/status").read_text()
    peak_kb = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
    print((peak_kb * 1024 - before) / 2**20)


def compare(batch: int, size: int, repetitions: int, device: torch.device) -> dict:
    """One row: the loop, ours and a block, in turns with the matrix product; seconds for as many anchors."""
    # First, because a large batch fills the machine's memory once, not twice.
    peaks = {f"peak MB, {way}": round(peak_mb(batch, size, way)) for way in ("loop", "ours", "block")
             if device.type == "cpu"}  # fmt: skip
    step, block = Step(batch, size, device), BlockStep(batch, size, device)
    check_same_function(step)
    gflop = gigaflops(block)
    rates = [matrix_rate(device)]
    ways = {"loop": looped(step), "kept": looped(step, keep=True), "ours": step, "block": block}
    taken = in_turns(ways, device, repetitions)
    rates.append(matrix_rate(device))

    def ratio(slow: str, fast: str) -> str:
        return "{:.1f} ({:.1f}-{:.1f})".format(*middle([a / b for a, b in zip(taken[slow], taken[fast], strict=True)]))

    seconds_of = {way: middle(taken[way])[0] for way in ways}
    return {"batch": batch, "loop s": round(seconds_of["loop"], 3), "ours s": round(seconds_of["ours"], 3),
           "block s": round(seconds_of["block"], 3), "loop / ours": ratio("loop", "ours"),
           "loop, memory kept / ours": ratio("kept", "ours"), "loop, memory kept / block": ratio("kept", "block"),
           "anchors/s, ours": round(batch / seconds_of["ours"], 1),
           "anchors/s, block": round(batch / seconds_of["block"], 1),
           "block GFLOP/s": round(gflop / seconds_of["block"], 1), "matrix GFLOP/s": round(max(rates), 1),
           "block's share of matrix rate %": round(100 * gflop / seconds_of["block"] / max(rates)),
           "operations, loop": operations(looped(step)), "operations, ours": operations(step),
           "operations, block": operations(block), **peaks}  # fmt: skip


def parts(batch: int, size: int, repetitions: int, device: torch.device) -> list[dict]:
    """Where our step's time goes."""
    step = Step(batch, size, device)
    step()
    taken = {"augmentation": [], "forward": [], "backward": [], "optimiser": []}
    for _ in range(repetitions):
        taken["augmentation"].append(seconds(step.augment, device))
        loss = []
        taken["forward"].append(seconds(lambda into=loss: into.append(step.loss()), device))
        taken["backward"].append(seconds(lambda made=loss: step.backward(made[0]), device))
        taken["optimiser"].append(seconds(step.optimizer.step, device))
    medians = {name: middle(values)[0] for name, values in taken.items()}
    whole = sum(medians.values())
    return [{"part": name, "ms": round(1000 * value, 1), "share %": round(100 * value / whole)}
            for name, value in medians.items()]  # fmt: skip


def variants(batch: int, size: int, repetitions: int, device: torch.device) -> list[dict]:
    """Ours on a GPU with and without mixed precision and compilation."""
    rows = []
    for precision in ("32-true", "bf16-mixed"):
        for mode in ("", "default", "reduce-overhead"):
            step = Step(batch, size, device, precision, mode)
            for _ in range(3):
                step()
            torch.cuda.reset_peak_memory_stats()
            taken = middle(in_turns({"ours": step}, device, repetitions)["ours"])[0]
            peak = torch.cuda.max_memory_allocated() / 2**20
            rows.append({"batch": batch, "precision": precision, "compile": mode or "no", "ms": round(1000 * taken, 1),
                         "anchors/s": round(batch / taken), "peak MB": round(peak)})  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, nargs="+", default=[8, 32, 128])
    parser.add_argument("--patch", type=int, default=32, help="voxels per side; all patches cover 32 mm")
    parser.add_argument("--repetitions", type=int, default=6, help="at batch 16; fewer for larger ones")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=DATA)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    keep_memory()
    device, about = torch.device(given.device), {"threads": given.threads, "patch": given.patch}
    rows = []
    for batch in given.batches:
        rows.append(compare(batch, given.patch, max(1, round(given.repetitions * 16 / batch)), device))
        second = ["batch", *(name for name in rows[0] if name.startswith(("operations", "peak")))]
        first = [name for name in rows[0] if name not in second[1:]]
        for table, columns in (("train_step", first), ("train_memory", second)):
            write_table([{name: row[name] for name in columns} for row in rows], table, given.out, **about)
    batch = given.batches[len(given.batches) // 2]
    write_table(parts(batch, given.patch, given.repetitions, device), "train_parts", given.out, batch=batch, **about)
    if device.type == "cuda":
        write_table([row for batch in given.batches for row in variants(batch, given.patch, given.repetitions, device)],
                    "train_gpu", given.out, **about)  # fmt: skip


if __name__ == "__main__":
    main()
