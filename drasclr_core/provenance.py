"""Provenance: which code, data, machine and parameters made a result, and what it cost."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from drasclr_core.files import read_json, write_json
from drasclr_core.pieces import file_fingerprint
from drasclr_core.run import Run, project_root

if TYPE_CHECKING:
    import pandas as pd

PACKAGES = ("torch", "numpy", "antspyx", "monai", "zarr", "scikit-learn", "papermill", "jupyter-book")
GPU_DRIVERS = ("/proc/driver/nvidia", "/dev/kfd", "/dev/dxg")
"""Of NVIDIA, of AMD, and of Windows' subsystem for Linux."""
MAIN_METHOD = "drasclr"
"""What a stage without a `method` among its parameters is about, as for `Run.pretrain`."""


def code_version() -> dict:
    """Git commit of the code (``unknown`` outside a git checkout) and whether files differ from it.

    What runs write is no code: a stage of a committed run would else make every later one differ.
    """

    def git(*arguments: str) -> str | None:
        done = subprocess.run(["git", *arguments], cwd=project_root(), capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else None

    try:
        sha = git("rev-parse", "--short=12", "HEAD")
        changes = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)runs")
    except FileNotFoundError:  # no git on this machine
        sha = changes = None
    return {"sha": sha or "unknown", "dirty": bool(changes)}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide numbers."""
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in PACKAGES}}


def hardware() -> dict:
    """Processor, cores, memory (GB) and GPU, without anything that names the machine."""
    cpu = platform.machine()
    if Path("/proc/cpuinfo").exists():
        models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].split(":", 1)[1].strip() if models else cpu
    gpu = "none"
    if sys.platform != "linux" or any(Path(driver).exists() for driver in GPU_DRIVERS):
        import torch  # takes seconds, so only where there may be a GPU

        gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else gpu
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gb": round(psutil.virtual_memory().total / 1e9), "gpu": gpu}


def input_fingerprints(run: Run) -> dict[str, str]:
    """Returns fingerprints of the small files of a cohort that later stages build on, as far as they exist."""
    patterns = (
        "atlas*/lungs.nii.gz",
        "atlas*/landmarks.npy",
        "pretrain/*/model.safetensors",
        "features/*/image.parquet",
    )
    files = [run.subjects, *(file for pattern in patterns for file in sorted(run.cohort.glob(pattern)))]
    return {file.relative_to(run.folder).as_posix(): file_fingerprint(file) for file in files if file.exists()}


class Meter:
    """Wall seconds and peak memory (MB, shared pages counted once) of this process and all its children.

    Parameters
    ----------
    adopted : callable, optional
        Returns the numbers of further processes that count.
    """

    def __init__(self, adopted: Callable[[], Iterable[int]] = tuple):
        self.adopted = adopted

    def __enter__(self) -> Meter:
        self.start, self.peak_mb, self._stop = time.perf_counter(), 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self.seconds = time.perf_counter() - self.start
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        highest = 0
        while not self._stop.wait(0.5):
            processes = _with_children([os.getpid(), *self.adopted()])
            counted_twice = sum(_bytes(process, exactly=False) for process in processes)
            if counted_twice > 1.02 * highest:  # the exact count walks all pages: only where there may be a new peak
                highest = counted_twice
                self.peak_mb = max(self.peak_mb, sum(_bytes(process) for process in processes) / 1e6)


def _bytes(process: psutil.Process, exactly: bool = True) -> int:
    """Memory of a process: its share of what it shares with others, or all of that."""
    try:
        memory = process.memory_full_info() if exactly else process.memory_info()
    except psutil.Error:  # it ended meanwhile
        return 0
    return getattr(memory, "pss", memory.rss)


def _with_children(numbers: Iterable[int]) -> set[psutil.Process]:
    found: set[psutil.Process] = set()
    for number in numbers:
        with suppress(psutil.Error):  # it ended meanwhile
            found |= {psutil.Process(number), *psutil.Process(number).children(recursive=True)}
    return found


def stage_record(run: Run, stage: str) -> Path:
    """Where the provenance of one stage is kept."""
    return run.results / "stages" / f"{run.cohort_name}-{stage}.json"


def merge_manifest(run_folder: Path) -> dict:
    """Collect the records of all stages into ``results/manifest.json`` and return it.

    Results that were copied from another run (the committed ones) keep that run's name.
    """
    records = [read_json(path) for path in sorted((run_folder / "results" / "stages").glob("*.json"))]
    manifest = {"run": records[0]["run"] if records else run_folder.name, "stages": records}
    write_json(run_folder / "results" / "manifest.json", manifest)
    return manifest


def computed_before(earlier: dict, record: dict) -> dict:
    """Returns what the work of a stage cost, where its page is made once more from what is kept; empty where it is not.

    Parameters
    ----------
    earlier, record : dict
        The stage's last record and its new one. That the work was kept is told by the same parameters and less than
        half of the time; of other subjects than before, or by other weights of the stage's method, it was not.

    Returns
    -------
    dict
        ``seconds, peak_mb, code, day`` of the execution that did the work.
    """
    if not earlier or earlier.get("parameters") != record["parameters"]:
        return {}
    method = record["parameters"].get("method") or MAIN_METHOD
    for file in ("cohort/subjects.parquet", f"pretrain/{method}/model.safetensors"):
        name = f"{record.get('cohort')}/{file}"
        if len({one["inputs"][name] for one in (earlier, record) if name in one.get("inputs", {})}) > 1:
            return {}
    work = earlier.get("computed") or {name: earlier[name] for name in ("seconds", "peak_mb", "code", "day")}
    return work if work["seconds"] > 2 * record["seconds"] else {}


def commit_of(record: dict) -> str:
    """Returns the commit of the code that made a stage's page, and whether files differed from it."""
    return record["code"]["sha"] + (" + changes" if record["code"]["dirty"] else "")


def stage_table(manifest: dict) -> pd.DataFrame:
    """One row per stage: cohort, stage, seconds of its work and of its page, peak memory, code version, day.

    Where a page was made once more from what an earlier execution had left, the work is that one's.
    """
    rows = [
        {
            "cohort": record["cohort"],
            "stage": record["stage"],
            "work (s)": round(record.get("computed", record)["seconds"]),
            "page (s)": round(record["seconds"]) if record.get("computed") else "–",
            "peak memory (MB)": round(record.get("computed", record)["peak_mb"]),
            "code of the page": commit_of(record),
            "day": record["day"],
        }
        for record in manifest["stages"]
    ]
    import pandas as pd  # half a second, which the process round each stage does without

    return pd.DataFrame(rows)
