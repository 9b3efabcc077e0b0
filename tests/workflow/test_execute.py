import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from drasclr_core.run import project_root, read_json

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@pytest.fixture
def stage(tmp_path):
    """Runs a one-cell stage notebook as the Snakefile does; returns the finished process and the run folder."""

    def run(code: str, *arguments: str):
        parameters = 'run = "demo"  # name\ncohort = "copd"  # cohort\nvalue = 1  # a number'
        cells = [
            new_markdown_cell("# T"),
            new_code_cell(parameters, metadata={"tags": ["parameters"]}),
            new_code_cell(code),
        ]
        nbformat.write(new_notebook(cells=cells, metadata=KERNEL), tmp_path / "01_stage.ipynb")
        preset = tmp_path / "small.yaml"
        preset.write_text("stages: {01_stage: {value: 2}}\ncohorts: {copd: }\n")
        command = [sys.executable, "-m", "drasclr_core.workflow.execute", str(tmp_path / "01_stage.ipynb")]
        command += ["--preset", str(preset), "--run", str(tmp_path / "r"), *arguments]
        return subprocess.run(command, cwd=project_root(__file__), capture_output=True, text=True), tmp_path / "r"

    return run


def test_parameters_come_from_the_preset_and_the_command_line(stage):
    done, folder = stage("print(value, cohort)")
    assert done.returncode == 0, done.stderr
    assert "2 copd" in (folder / "notebooks/copd/01_stage.ipynb").read_text()
    done, folder = stage("print(value, cohort)", "-p", "value", "7")
    assert "7 copd" in (folder / "notebooks/copd/01_stage.ipynb").read_text()
    record = read_json(folder / "results/stages/copd-01_stage.json")
    assert record["parameters"]["value"] == 7 and record["preset"] == "small"
    assert "stage 1 of 1" in done.stderr


def test_failed_stage_says_why_and_keeps_the_notebook_as_far_as_it_came(stage):
    done, folder = stage("print('so far')\nraise ValueError('no lungs at all')")
    assert done.returncode != 0
    assert "01_stage failed: ValueError: no lungs at all" in done.stderr and "Traceback" not in done.stderr
    assert "so far" in (folder / "notebooks/copd/01_stage.failed.ipynb").read_text()
    assert not (folder / "notebooks/copd/01_stage.ipynb").exists()
    done, _ = stage("print('repaired')")
    assert done.returncode == 0 and not (folder / "notebooks/copd/01_stage.failed.ipynb").exists()


def test_failed_stage_leaves_the_last_good_page(stage):
    stage("print('good')")
    _, folder = stage("raise ValueError('bad')")
    assert "good" in (folder / "notebooks/copd/01_stage.ipynb").read_text()


def test_stage_of_a_method_and_its_share_of_the_cores(stage):
    code = "import os, joblib\nprint(value, os.environ['OMP_NUM_THREADS'], joblib.cpu_count())"
    done, folder = stage(code, "--stage", "01_stage-other", "--threads", "1")
    assert done.returncode == 0, done.stderr
    assert "2 1 1" in (folder / "notebooks/copd/01_stage-other.ipynb").read_text()
    assert read_json(folder / "results/stages/copd-01_stage-other.json")["stage"] == "01_stage-other"
