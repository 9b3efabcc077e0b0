"""A cohort of which no scan can be used (a first single scan!): the reasons are on the page and in the terminal."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.imaging.volume import Volume, save_volume
from drasclr_core.run import Run, project_root

from ..imaging.scan_files import whole_chest

ROOT = project_root(__file__)


@pytest.fixture
def refused(tmp_path):
    """A run of a damaged file, which nothing can be measured on, and of a body without lungs."""
    volume = whole_chest()
    save_volume(tmp_path / "solid.nii.gz", Volume(np.where(volume.array < -920, volume.array, 0), volume.affine))
    (tmp_path / "damaged.nii.gz").write_bytes(b"no image at all")
    run = Run(str(tmp_path / "runs" / "first"), "scans")
    names = ["damaged", "solid"]
    write_subjects(run, pd.DataFrame({"sid": names, "image": [str(tmp_path / f"{name}.nii.gz") for name in names]}))
    return run


@pytest.mark.parametrize("scans", [["damaged"], ["damaged", "solid"]])
def test_reasons_are_on_the_page_and_in_the_terminal(refused, tmp_path, scans):
    table = pd.read_parquet(refused.subjects)
    write_subjects(refused, table[table["sid"].isin(scans)])
    preset = tmp_path / "small.yaml"
    preset.write_text("stages: {02_lungs: {spacing: 4.0}}\ncohorts: {scans: }\n")
    command = [sys.executable, "-m", "drasclr_core.workflow.execute", "notebooks/02_lungs.ipynb", "--preset", str(preset)]
    done = subprocess.run(
        [*command, "--run", str(refused.folder), "--cohort", "scans"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert f"NoUsableScanError: no scan can be used, {len(scans)} refused:" in done.stderr
    assert "KeyError" not in done.stderr and "Traceback" not in done.stderr
    page = (refused.notebooks / "scans" / "02_lungs.failed.ipynb").read_text()
    for name, reason in {"damaged": "damaged or incomplete NIfTI file", "solid": "no whole lungs"}.items():
        if name in scans:
            assert f"{name}.nii.gz: {reason}" in done.stderr and f"{name}.nii.gz: {reason}" in page
