"""What all benchmarks share: the machine in words, its matrix rate, timing in turns, and where tables go."""

from __future__ import annotations

import datetime
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch

from drasclr_core.files import write_csv, write_json
from drasclr_core.provenance import code_version, hardware
from drasclr_core.run import project_root

DATA = project_root(__file__) / "book" / "_data"


def wait(device: torch.device) -> None:
    """Until a GPU has finished; nothing on a CPU."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def seconds(action: Callable, device: torch.device) -> float:
    """Wall seconds of one call."""
    wait(device)
    begin = time.perf_counter()
    action()
    wait(device)
    return time.perf_counter() - begin


def matrix_rate(device: torch.device, size: int = 1024, dtype: torch.dtype = torch.float32) -> float:
    """GFLOP/s of a product of two square matrices, the most that this machine's arithmetic gives in practice."""
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    a @ b
    return max(2 * size**3 / seconds(lambda: a @ b, device) for _ in range(5)) / 1e9


def in_turns(actions: dict[str, Callable], device: torch.device, repetitions: int) -> dict[str, list[float]]:
    """Seconds of each action, called in turns, so that a slow minute of the machine hits all of them."""
    taken = {name: [] for name in actions}
    for _ in range(repetitions):
        for name, action in actions.items():
            taken[name].append(seconds(action, device))
    return taken


def middle(values: list[float]) -> tuple[float, float, float]:
    """Median and quartiles."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return median, low, high


def write_table(rows: list[dict], name: str, folder: Path, **about) -> pd.DataFrame:
    """Print a table, and write it as ``benchmark_<name>.csv`` with a ``.json`` that says where it is from."""
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    write_csv(folder / f"benchmark_{name}.csv", table)
    record = {"day": datetime.date.today().isoformat(), "code": code_version(), "hardware": hardware(),
              "torch": torch.__version__, **about}  # fmt: skip
    write_json(folder / f"benchmark_{name}.json", record)
    return table
