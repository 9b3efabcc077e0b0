"""One smoke run of the whole way (phantoms, every notebook, the book) serves all end-to-end tests."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from hypothesis import settings

from drasclr_core.run import project_root

ROOT = project_root(__file__)
# Each worker has a core; threads of several libraries that wait for each other would only take it from the others.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A busy machine is no failure: no test is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The smoke run begins first, for it takes longest; files that then only look at it come last, so that none waits.

    Under pytest-xdist this order holds with ``--no-loadscope-reorder``.
    """
    waiting = {item.path for item in items if {"smoke_run", "built_book"} & set(getattr(item, "fixturenames", ()))}
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    beginning = next((item.path for item in items if item.path.name == "test_whole_way.py"), None)
    items.sort(key=lambda item: (item.path != beginning, item.path in waiting, item.path not in slow))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Weights drawn in a test or in its fixtures are the same whichever tests the worker ran before."""
    torch.manual_seed(0)


def pytest_collection_finish() -> None:
    """The libraries that are loaded by now are no garbage: some functions look through all objects at each call."""
    gc.freeze()


def _snakemake(run: Path, preset: str, *arguments: str, **config: str) -> subprocess.CompletedProcess:
    settings = [f"{name}={value}" for name, value in {"run": run, "preset": f"presets/{preset}.yaml", **config}.items()]
    command = [
        sys.executable,
        "-m",
        "drasclr_core.workflow.warm",
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        "2",
        "--nolock",
        "--rerun-incomplete",
        "--rerun-triggers",
        "mtime",
        "params",
    ]
    return subprocess.run([*command, *arguments, "--config", *settings], cwd=ROOT, capture_output=True, text=True)


@pytest.fixture(scope="session")
def snakemake():
    """Runs the DAG as the Makefile does: ``snakemake(run folder, preset name, *arguments, **config)``."""
    return _snakemake


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory, worker_id) -> Path:
    """Folder of a finished run of the smoke preset, its book included (``$DRASCLR_SMOKE_RUN``: use this folder).

    All workers share it: the first one that asks makes it, the others wait and find it done.
    """
    own = tmp_path_factory.getbasetemp()
    folder = Path(os.environ.get("DRASCLR_SMOKE_RUN") or (own if worker_id == "master" else own.parent) / "smoke")
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        done = _snakemake(folder, "smoke")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return folder


@pytest.fixture(scope="session")
def built_book(request) -> Path:
    """Folder of the HTML of the smoke run's book (``$DRASCLR_BOOK_HTML``: look at this one)."""
    chosen = os.environ.get("DRASCLR_BOOK_HTML")
    return Path(chosen) if chosen else request.getfixturevalue("smoke_run") / "book" / "html"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real scans; the test is skipped where there is none."""
    folder = Path(os.environ.get("DRASCLR_REAL_DATA") or ROOT.parent / "shared" / "data")
    if not folder.exists():
        pytest.skip("no real scans here: set DRASCLR_REAL_DATA to a folder with ct/ and official_atlas/")
    return folder
