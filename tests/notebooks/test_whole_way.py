"""The whole way at the smoke preset: every stage runs, says how it was made, redoes nothing, and survives a kill."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import numpy as np
import pandas as pd
import pytest

from drasclr_core.workflow.preset import Preset
from drasclr_core.run import Run, project_root

ROOT = project_root(__file__)
PRESET = Preset.load(ROOT / "presets/smoke.yaml")
PAGES = [(cohort, stage) for cohort in PRESET.cohorts for stage in PRESET.chosen[cohort]]


@pytest.fixture(params=PAGES, ids="/".join)
def page(request, smoke_run):
    cohort, stage = request.param
    return nbformat.read(smoke_run / "notebooks" / cohort / f"{stage}.ipynb", as_version=4)


def test_page_has_a_parameters_table_and_a_stamp(page):
    text = [cell.source for cell in page.cells if cell.cell_type == "markdown"]
    assert sum("| parameter | in this run | meaning |" in source for source in text) == 1
    assert re.search(r"This page took \d+ s and \d+ MB", text[-1])
    shown = [cell for cell in page.cells if "injected-parameters" in cell.metadata.get("tags", [])]
    assert all("remove-cell" in cell.metadata.tags for cell in shown)


def test_page_has_no_absolute_path_and_no_progress_bar(page):
    text = nbformat.writes(page)
    assert not re.search(r"(?<![\w.…])/(?:root|home|tmp|work|usr|var|private|Users)/\w", text)
    outputs = [output for cell in page.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.get("name") == "stderr"]


def test_every_picture_has_alternative_text(page):
    images = re.findall(r"<img[^>]*>", nbformat.writes(page).replace('\\"', '"'))
    assert all(re.search(r'alt="[^"]{15,}"', image) for image in images)


def test_manifest_says_how_each_stage_was_made(smoke_run):
    manifest = json.loads((smoke_run / "results" / "manifest.json").read_text())
    assert sorted((record["cohort"], record["stage"]) for record in manifest["stages"]) == sorted(PAGES)
    for record in manifest["stages"]:
        assert record["seconds"] > 0 and record["peak_mb"] > 10
        assert re.fullmatch(r"[0-9a-f]{12}|unknown", record["code"]["sha"])
        assert record["versions"]["torch"].startswith("2.13.0") and record["hardware"]["cores"] >= 1
    made = {(record["cohort"], record["stage"]): record for record in manifest["stages"]}
    assert "copd/cohort/subjects.parquet" in made["copd", "06_pretrain"]["inputs"]
    local = made["covid", "06_pretrain-drasclr_local"]["parameters"]
    assert local["method"] == "drasclr_local" and local["cohort"] == "covid"
    encoder = json.loads((smoke_run / "covid" / "pretrain" / "drasclr_local" / "config.json").read_text())
    assert encoder["config"]["neighbors"] == 0 and encoder["method"] == "drasclr_local"


def test_table_2_is_whole(smoke_run):
    table = pd.read_csv(smoke_run / "results" / "table2.csv")
    assert {"laa950", "drasclr"} <= set(table["method"])
    assert np.isfinite(table["mean"]).all()


def test_second_run_does_nothing(smoke_run, snakemake):
    again = snakemake(smoke_run, "smoke", "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr


def test_no_half_written_file_is_left(smoke_run):
    assert not [path for path in smoke_run.rglob(".tmp-*")]


def test_stage_goes_on_after_kill(smoke_run, tmp_path):
    """kill -9 while lungs are being found; the subjects that were finished are not done again."""
    run = tmp_path / "killed"
    shutil.copytree(smoke_run / "copd" / "cohort", run / "copd" / "cohort")
    subjects = Run(str(run)).subjects
    pd.read_parquet(subjects)[:6].to_parquet(subjects)
    stage = [sys.executable, "-m", "drasclr_core.workflow.execute", "--preset", "presets/smoke.yaml", "--run", str(run)]
    lungs = run / "copd" / "anatomy"
    process = subprocess.Popen(
        [*stage, "notebooks/02_lungs.ipynb"], cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL
    )
    while len(list(lungs.glob("*/.lungs.json"))) < 2 and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = {path: path.stat().st_mtime_ns for path in lungs.glob("*/.lungs.json")}
    assert 2 <= len(done) < 6, "the kill came too late to test anything"
    subprocess.run([*stage, "notebooks/02_lungs.ipynb"], cwd=ROOT, check=True, capture_output=True)
    assert len(list(lungs.glob("*/lungs.nii.gz"))) == 6
    assert {path: path.stat().st_mtime_ns for path in done} == done
