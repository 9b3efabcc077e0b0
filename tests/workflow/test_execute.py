import errno
import subprocess
import sys

import papermill
import pytest

from drasclr_core.files import read_json
from drasclr_core.run import project_root
from drasclr_core.workflow.execute import _execute, main


@pytest.fixture
def stage(tmp_path, write_notebook):
    """Runs a one-cell stage notebook as the Snakefile does; returns the finished process and the run folder."""

    def run(code: str, *arguments: str, name: str = "01_stage", **about):
        value = "value = 1  # a number [0 to 9]\n"
        notebook = write_notebook(tmp_path / f"{name}.ipynb", value, code, named_by="value", **about)
        preset = tmp_path / "small.yaml"
        preset.write_text(f"stages: {{{name}: {{value: 2}}, {name}-3: }}\ncohorts: {{copd: }}\n")
        command = [sys.executable, "-m", "drasclr_core.workflow.execute", str(notebook)]
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
    assert "stage 1 of 2" in done.stderr


def test_failed_stage_says_why_and_keeps_the_notebook_as_far_as_it_came(stage):
    done, folder = stage("print('so far')\nraise ValueError('no lungs at all')")
    assert done.returncode != 0
    assert "01_stage failed: ValueError: no lungs at all" in done.stderr and "Traceback" not in done.stderr
    assert "so far" in (folder / "notebooks/copd/01_stage.failed.ipynb").read_text()
    assert not (folder / "notebooks/copd/01_stage.ipynb").exists()
    done, _ = stage("print('repaired')")
    assert done.returncode == 0 and not (folder / "notebooks/copd/01_stage.failed.ipynb").exists()


def test_sockets_that_fail_as_a_kernel_goes_down_are_not_told_to_who_reads_the_reason(stage):
    fails = "import logging\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    logging.getLogger('tornado.general')"
    done, _ = stage(
        f"{fails}.error('Uncaught exception in ZMQStream callback', exc_info=True)\nraise ValueError('no lungs')"
    )
    assert done.returncode != 0 and "01_stage failed: ValueError: no lungs" in done.stderr
    assert "Traceback" not in done.stderr and "ZMQStream" not in done.stderr


def test_a_killed_kernel_is_said_with_a_remedy_and_keeps_the_notebook_as_far_as_it_came(stage):
    done, folder = stage("import os, signal, time\nprint('so far', flush=True); time.sleep(1)\nos.kill(os.getpid(), 9)")
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert (
        "01_stage: its kernel was killed, mostly for want of memory; take fewer workers and run it again" in done.stderr
    )
    assert "so far" in (folder / "notebooks/copd/01_stage.failed.ipynb").read_text()
    assert "The notebook as far as it came: r/notebooks/copd/01_stage.failed.ipynb" in done.stderr
    assert not (folder / "notebooks/copd/01_stage.ipynb").exists()


def test_failed_stage_leaves_the_last_good_page(stage):
    stage("print('good')")
    _, folder = stage("raise ValueError('bad')")
    assert "good" in (folder / "notebooks/copd/01_stage.ipynb").read_text()


def test_stage_with_a_suffix_and_its_part_of_the_cores(stage):
    code = "import os, joblib\nprint(value, os.environ['OMP_NUM_THREADS'], joblib.cpu_count())"
    done, folder = stage(code, "--stage", "01_stage-3", "--threads", "1")
    assert done.returncode == 0, done.stderr
    assert "3 1 1" in (folder / "notebooks/copd/01_stage-3.ipynb").read_text()
    assert read_json(folder / "results/stages/copd-01_stage-3.json")["stage"] == "01_stage-3"


@pytest.mark.parametrize("arguments, said", [
    (("-p", "valu", "3"), "01_stage: -p: no parameter 'valu': did you mean 'value'?"),
    (("-p", "value", "three"), "01_stage: -p: value is 'three', and must be a whole number, 0 to 9."),
    (("--stage", "01_stage-4"), "preset small: no '01_stage-4': did you mean '01_stage-3'?"),
    (("-p", "cohort", "covid"), "-p: 'cohort' is no parameter of a stage. Give --cohort."),
    (("--cohort", "cpod"), "preset small: no 'cpod': did you mean 'copd'?"),
])  # fmt: skip
def test_what_cannot_be_is_said_in_one_line_before_work_begins(stage, arguments, said):
    done, folder = stage("print('never')", *arguments)
    assert done.returncode != 0 and said in done.stderr and done.stderr.count("\n") == 1
    assert not folder.exists()


def test_a_misspelt_run_is_named_by_every_stage_but_a_first_one(stage):
    done, folder = stage("print(1)", name="02_stage", after=["01_cohort"])
    assert done.returncode != 0 and "No run 'r' in" in done.stderr and not folder.exists()


def test_a_run_that_cannot_be_written_is_said_in_one_line(stage, tmp_path):
    (tmp_path / "r").touch()
    done, _ = stage("print(1)")
    assert done.returncode != 0 and "01_stage: " in done.stderr and "Traceback" not in done.stderr


def test_a_full_disk_is_said_and_leaves_no_half_notebook(stage, tmp_path, write_notebook, monkeypatch):
    def full(path, partial, *rest, **more):
        partial.write_text("{")
        raise OSError(errno.ENOSPC, "No space left on device", str(partial))

    monkeypatch.setattr(papermill, "execute_notebook", full)
    preset = tmp_path / "small.yaml"
    preset.write_text("stages: {01_stage: }\ncohorts: {copd: }\n")
    notebook = write_notebook(tmp_path / "01_stage.ipynb")
    monkeypatch.setattr(sys, "argv", ["execute", str(notebook), "--preset", str(preset), "--run", str(tmp_path / "r")])
    with pytest.raises(SystemExit, match=r"01_stage: .*No space left on device.*Free space.*what is finished is kept"):
        main()
    assert not list((tmp_path / "r").rglob("*.ipynb"))


@pytest.mark.parametrize(("message", "started"), [("Kernel died before replying to kernel_info", 3), ("other", 1)])
def test_a_kernel_that_does_not_start_is_started_again(message, started, tmp_path, monkeypatch):
    calls = []

    def die(*arguments, **settings):
        calls.append(arguments)
        raise RuntimeError(message)

    monkeypatch.setattr("drasclr_core.workflow.execute.papermill.execute_notebook", die)
    with pytest.raises(RuntimeError, match=message):
        _execute(tmp_path / "a.ipynb", tmp_path / "b.ipynb", {})
    assert len(calls) == started
