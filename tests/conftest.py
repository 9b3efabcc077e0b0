"""One smoke run of the whole way (phantoms, every notebook, the book) serves all end-to-end tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from drasclr_core.run import project_root

ROOT = project_root(__file__)
# A busy machine is no failure: no test is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def _snakemake(run: Path, preset: str, *arguments: str, **config: str) -> subprocess.CompletedProcess:
    settings = [f"{name}={value}" for name, value in {"run": run, "preset": f"presets/{preset}.yaml", **config}.items()]
    command = [
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
def built_book(smoke_run) -> Path:
    """Folder of the HTML of the smoke run's book."""
    return smoke_run / "book" / "html"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real scans; the test is skipped where there is none."""
    folder = Path(os.environ.get("DRASCLR_REAL_DATA") or ROOT.parent / "shared" / "data")
    if not folder.exists():
        pytest.skip("no real scans here: set DRASCLR_REAL_DATA to a folder with ct/ and official_atlas/")
    return folder
