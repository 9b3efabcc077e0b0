import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from drasclr_core.run import Run, project_root
from drasclr_core.workflow.book import assemble
from drasclr_core.workflow.plan import RunPlan, typed_settings

ROOT = project_root(__file__)


def plan(run, **settings) -> RunPlan:
    return RunPlan({"run": str(run), "preset": "presets/smoke.yaml", **settings}, cores=4)


def test_pages_of_a_run_and_what_comes_before_each(tmp_path):
    smoke = plan(tmp_path / "r")
    assert len(smoke.pages()) == 72 and (smoke.threads, smoke.at_once) == (2, 2) and "--at-once 2" in smoke.command
    assert RunPlan({"run": str(tmp_path / "r"), "preset": "presets/smoke.yaml"}, cores=1).at_once == 1
    assert smoke.before("copd", "02_lungs") == [f"{tmp_path}/r/notebooks/copd/01_cohort.ipynb"]
    assert f"{tmp_path}/r/notebooks/covid/12_covid_severity.ipynb" in smoke.before("copd", "40_significance")
    assert smoke.shard_pages("copd", "02_lungs") == []
    two = plan(tmp_path / "r", shards="2").shard_pages("copd", "02_lungs")
    assert [Path(page).name for page in two] == ["02_lungs-0-of-2.ipynb", "02_lungs-1-of-2.ipynb"]
    assert smoke.resource("06_pretrain-drasclr_local", "gpu") == 1 and smoke.resource("02_lungs", "gpu") == 0


def test_what_most_waits_for_is_begun_first(tmp_path):
    demo = plan(tmp_path / "r", preset="presets/demo.yaml")
    ranks = [demo.priority("copd", stage) for stage in ("01_cohort", "06_pretrain", "20_emphysema", "41_scorecard")]
    assert ranks == sorted(ranks, reverse=True) and len(set(ranks)) == 4
    assert demo.priority("copd", "12_covid_severity") == 0, "not chosen for this cohort"
    assert demo.priority("copd", "02_lungs") > demo.priority("covid", "02_lungs") > demo.priority("copd", "08_realism")


def test_joint_learning_is_a_row_of_both_tables_and_is_judged_after_its_tasks(tmp_path):
    shown = RunPlan({"run": str(tmp_path / "r"), "preset": "presets/shown.yaml"}, cores=4)
    for cohort, table in (("copd", "10_phenotypes"), ("covid", "12_covid_severity")):
        assert f"{tmp_path}/r/notebooks/{cohort}/07_features-joint.ipynb" in shown.before(cohort, table)
        images = f"{tmp_path}/r/notebooks/{cohort}/50_images_and_volumes.ipynb"
        assert images in shown.before(cohort, "06_pretrain-joint")
    assert f"{tmp_path}/r/notebooks/copd/06_pretrain-joint.ipynb" in shown.before("copd", "15_fourteen_ways")
    whole = RunPlan({"run": str(tmp_path / "r"), "preset": "presets/reference.yaml"}, cores=4)
    assert f"{tmp_path}/r/notebooks/copd/52_joint_tasks.ipynb" in whole.before("copd", "41_scorecard")
    tasks = RunPlan({"run": str(tmp_path / "r"), "preset": "presets/joint.yaml"}, cores=4)
    starts = [f"06_pretrain-{name}" for name in ("joint", "joint_deepcluster", "slices_swav", "slices_deepcluster")]
    before = tasks.before("copd", "52_joint_tasks")
    assert {f"{tmp_path}/r/notebooks/copd/{start}.ipynb" for start in (*starts, "06_pretrain-models_genesis")} <= set(
        before
    )


def test_settings_of_the_command_line_go_to_their_stage(tmp_path):
    given = plan(tmp_path / "r", manifest="it's 1", atlas_mask="2024_01")
    assert shlex.split(given.options("01_cohort")) == ["-p", "manifest", "it's 1"]
    assert shlex.split(given.options("03_atlas")) == ["-p", "atlas_mask", "2024_01"] and given.options("02_lungs") == ""


def test_settings_stay_as_they_were_typed():
    config, arguments = {"run": 202401, "shards": 2}, ["run=2024_01", "manifest=a=b"]
    assert typed_settings(config, arguments) == {"run": "2024_01", "shards": "2", "manifest": "a=b"}


@pytest.mark.parametrize("setting, said", [
    ({"subjcts": "3"}, "no setting 'subjcts': did you mean 'subjects' of 01_cohort, to be set in the preset"),
    ({"manifst": "x"}, "did you mean 'manifest'"),
    ({"shards": "0"}, "shards is '0', and must be a whole number, 1 or more"),
    ({"phase": "first"}, "phase is 'first'"),
    ({"preset": "presets/smok.yaml"}, "presets/smok.yaml: not to be read"),
])  # fmt: skip
def test_a_wrong_setting_is_named(tmp_path, setting, said):
    with pytest.raises(ValueError, match=said):
        plan(tmp_path / "r", **setting)


def test_a_run_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="file/r cannot be written: choose another run"):
        plan(tmp_path / "file/r")


def test_a_run_with_braces_is_refused(tmp_path):
    with pytest.raises(ValueError, match="braces"):
        plan(tmp_path / "{x}")


def test_a_scheduler_needs_a_plain_path_of_python(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/my lungs (it's)/.venv/bin/python")
    assert plan(tmp_path / "r").command.startswith("'/my lungs (it'")
    with pytest.raises(ValueError, match="keep the repository in a folder without spaces"):
        RunPlan({"run": str(tmp_path / "r")})


@pytest.fixture
def clone(tmp_path):
    """A copy of the repository in a folder with spaces and an apostrophe."""
    folder = tmp_path / "my lungs (it's)"
    folder.mkdir()
    for name in ("notebooks", "presets", "book"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("Snakefile", "Makefile", "_config.yml", "CITATION.cff"):
        shutil.copy(ROOT / name, folder)
    (folder / "drasclr_core").symlink_to(ROOT / "drasclr_core")
    return folder


def command(clone: Path, *words: str, **environment: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(words, cwd=clone, env=environment, capture_output=True, text=True)


def test_a_new_notebook_is_a_new_stage_and_a_new_page(clone, monkeypatch, write_notebook):
    write_notebook(clone / "notebooks/34_toy.ipynb", after=["10_phenotypes"], part="Results")
    preset = clone / "presets/toy.yaml"
    preset.write_text(
        (clone / "presets/smoke.yaml").read_text().replace("  41_scorecard", "  34_toy: {}\n  41_scorecard")
    )
    done = command(
        clone,
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        "1",
        "--nolock",
        "-n",
        "--config",
        "run=toy",
        "preset=presets/toy.yaml",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (job,) = [
        job
        for job in (done.stdout + done.stderr).split("\nrule ")
        if "notebooks/copd/34_toy.ipynb" in job.split("output:")[-1].split("\n")[0]
    ]
    assert "notebooks/copd/10_phenotypes.ipynb" in job.split("output:")[0]

    monkeypatch.chdir(clone)
    run = Run(str(clone / "runs/toy"))
    run.notebooks.joinpath("copd").mkdir(parents=True)
    shutil.copy(clone / "notebooks/34_toy.ipynb", run.notebooks / "copd")
    assemble(run, clone / "source")
    parts = {
        part["caption"]: part["chapters"] for part in yaml.safe_load((clone / "source/_toc.yml").read_text())["parts"]
    }
    assert parts["Results"] == [{"file": "notebooks/34_toy", "title": "34 · A toy"}]


def test_awkward_names_of_clone_run_and_scans(clone):
    """A real stage through the Makefile's own command, with a home folder that cannot be written."""
    scans = clone / "o'scans 1"
    scans.mkdir()
    (clone / ".venv").symlink_to(ROOT / ".venv" if (ROOT / ".venv").exists() else Path(sys.prefix))
    import nibabel
    import numpy

    nibabel.save(
        nibabel.Nifti1Image(numpy.full((8, 8, 8), -1000, "int16"), numpy.diag([4.0, 4, 4, 1])), scans / "a b.nii.gz"
    )
    words = ["make", "-n", "-o", ".venv/.ready", "scans", f"MANIFEST={scans.name}", "SCANS_RUN=2024_01", "CORES=1"]
    shown = command(clone, *words, HOME="/proc/nohome")
    line = next(line for line in shown.stdout.splitlines() if "snakemake" in line)
    page = clone / "runs/2024_01/notebooks/scans/01_cohort.ipynb"
    done = command(clone, "sh", "-c", f"{line} -- {shlex.quote(str(page))}", HOME="/proc/nohome")
    assert done.returncode == 0, done.stdout + done.stderr
    assert page.exists() and Run(str(clone / "runs/2024_01"), "scans").subjects.exists()
