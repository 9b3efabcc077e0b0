"""A stage in shards: every subject once, on a scheduler or by hand, and what comes out is what one job makes."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.cohort.subjects import shard_of
from drasclr_core.workflow.book import _executed
from drasclr_core.provenance import merge_manifest
from drasclr_core.run import Run, project_root
from drasclr_core.workflow import read_notebooks

ROOT = project_root(__file__)
PROFILES = ROOT / "presets" / "cluster"
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def table(subjects: int) -> pd.DataFrame:
    return pd.DataFrame({"sid": [f"S{number}" for number in range(subjects)]})


@given(st.integers(1, 60), st.data())
def test_shards_are_a_partition_of_like_size_that_new_subjects_leave_alone(subjects, data):
    num_shards = data.draw(st.integers(1, subjects))
    dealt = [list(shard_of(table(subjects), shard, num_shards)["sid"]) for shard in range(num_shards)]
    assert sorted(sid for part in dealt for sid in part) == sorted(table(subjects)["sid"])
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1
    grown = [list(shard_of(table(subjects + 7), shard, num_shards)["sid"]) for shard in range(num_shards)]
    assert all(after[: len(before)] == before for before, after in zip(dealt, grown, strict=True))


@pytest.mark.parametrize("shard, num_shards, problem", [
    (3, 3, "counted from 0 to 2"), (-1, 3, "counted from 0 to 2"), (0, 0, "from 1 to 5"), (0, 6, "6 shards of 5"),
])  # fmt: skip
def test_no_such_shard(shard, num_shards, problem):
    with pytest.raises(ValueError, match=problem):
        shard_of(table(5), shard, num_shards)


def plan(*arguments: str, run: str, preset: str = "paper", **settings) -> subprocess.CompletedProcess:
    config = [f"{name}={value}" for name, value in {"run": run, "preset": f"presets/{preset}.yaml", **settings}.items()]
    command = [sys.executable, "-m", "snakemake", "--nolock", *arguments, "--config", *config]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=ENVIRONMENT)


@pytest.mark.parametrize("profile, submits", [("slurm", True), ("kubernetes", True), ("local-cluster", False)])
def test_profile_plans_every_shard_with_its_cores_and_memory(profile, submits, tmp_path):
    done = plan("--dry-run", "--cores", "64", "--profile", f"presets/cluster/{profile}", run=tmp_path / "run", shards=3)
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = [job for job in re.split(r"\n(?=\[|rule )", done.stdout + done.stderr) if job.startswith("rule shard:")]
    assert len(jobs) == 9
    pages = {(job.split("stage=")[1][:2], job.split("shard=")[1][0]) for job in jobs}
    assert pages == {(stage, shard) for stage in ("02", "04", "05") for shard in "012"}
    if submits:
        assert all("threads: 4" in job and "mem_mb=12000" in job for job in jobs)
        stages = re.split(r"\n(?=\[|rule )", done.stdout + done.stderr)
        (training,) = (job for job in stages if job.startswith("rule stage:") and "stage=06_pretrain\n" in job)
        assert "mem_mb=64000" in training and "gpu=1" in training


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """A kubectl that keeps what it is asked and answers with the content of a file."""
    lines = [
        "#!/bin/sh",
        f'echo "$@" >{tmp_path}/asked',
        f'[ "$1" = create ] && cat >{tmp_path}/job',
        f"cat {tmp_path}/answer",
    ]
    (tmp_path / "kubectl").write_text("\n".join(lines))
    (tmp_path / "kubectl").chmod(0o755)
    for name, value in {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DRASCLR_CLAIM": "lungs", "DRASCLR_MOUNT": "/vol",
                        "DRASCLR_IMAGE": "python:3.12"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return tmp_path


def script(name: str, *arguments: str) -> str:
    command = [str(PROFILES / "kubernetes" / name), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("gpus", ["0", "1"])
def test_kubernetes_job_asks_for_what_the_rule_says(kubectl, gpus):
    (kubectl / "answer").write_text("job.batch/drasclr-x1\n")
    assert script("submit.sh", "4", "12000", gpus, "/vol/repo/job script.sh") == "job.batch/drasclr-x1"
    pod = yaml.safe_load((kubectl / "job").read_text())["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert container["command"] == ["bash", "/vol/repo/job script.sh"] and container["workingDir"] == os.getcwd()
    limits = {"cpu": 4, "memory": "12000M", **({"nvidia.com/gpu": 1} if gpus == "1" else {})}
    assert container["resources"] == {"requests": {"cpu": 4, "memory": "12000M"}, "limits": limits}
    assert container["volumeMounts"][0]["mountPath"] == "/vol"
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == "lungs"


@pytest.mark.parametrize(
    "answer, state", [("Job 1/", "success"), ("Job /", "running"), ("Job /1", "failed"), ("", "failed")]
)
def test_kubernetes_job_has_a_state(kubectl, answer, state):
    (kubectl / "answer").write_text(answer)
    assert script("status.sh", "job.batch/drasclr-x1") == state
    assert (kubectl / "asked").read_text().startswith("get job.batch/drasclr-x1")


def shards_at_once(run, stage: str) -> None:
    """Both shards of a stage, in two processes at the same time."""
    command = [sys.executable, "-m", "drasclr_core.workflow.execute", f"notebooks/{stage}.ipynb", "--run", str(run)]
    command += ["--preset", "presets/smoke.yaml", "-p", "num_shards", "2", "-p", "workers", "1"]
    both = [subprocess.Popen([*command, "-p", "shard", str(shard)], cwd=ROOT, env=ENVIRONMENT, stderr=subprocess.PIPE)
            for shard in (0, 1)]  # fmt: skip
    for process in both:
        assert process.wait() == 0, process.stderr.read().decode()[-3000:]


@pytest.fixture(scope="module")
def sharded(smoke_run, tmp_path_factory):
    """Five phantoms of the smoke run and its atlas; lungs in shards through a scheduler, the rest by hand."""
    if shlex.quote(sys.executable) != sys.executable:
        pytest.skip("Snakemake submits no jobs with a Python whose path has spaces or quotes: the plan says so")
    folder = tmp_path_factory.mktemp("runs") / "sharded"
    for part in ("copd/cohort", "copd/atlas"):
        shutil.copytree(smoke_run / part, folder / part)
    subjects = Run(str(folder)).subjects
    pd.read_parquet(subjects)[:5].to_parquet(subjects)
    (folder / "notebooks" / "copd").mkdir(parents=True)
    shutil.copy2(smoke_run / "notebooks/copd/01_cohort.ipynb", folder / "notebooks/copd")
    pages = [str(folder / f"notebooks/copd/shards/02_lungs-{shard}-of-2.ipynb") for shard in (0, 1)]
    done = plan("--profile", "presets/cluster/local-cluster", *pages, run=folder, preset="smoke", shards=2)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("with external jobid") == 2
    for stage in ("04_registration", "05_patches"):
        shards_at_once(folder, stage)
    return folder


def test_shards_make_what_one_job_makes(sharded, smoke_run):
    folders = sorted((sharded / "copd" / "anatomy").iterdir())
    assert len(folders) == 5
    for folder in folders:
        for name in ("lungs.nii.gz", "affine.json", "landmarks.npy", "thumbnail.webp"):
            other = smoke_run / "copd" / "anatomy" / folder.name / name
            assert (folder / name).read_bytes() == other.read_bytes(), f"{folder.name}/{name}"
    stores = [PatchStore.open(run / "copd" / "patches.zarr") for run in (smoke_run, sharded)]
    assert stores[0].sids[:5] == stores[1].sids and not stores[1].missing()
    patches = [{path.name: path.read_bytes() for path in store.path.glob("c.*")} for store in stores]
    assert len(patches[1]) == 5 and patches[1].items() <= patches[0].items()


def test_shards_leave_the_cohort_and_the_book_to_the_whole_stage(sharded):
    assert not list((sharded / "results").glob("*.csv")) and not (sharded / "copd" / "quality").exists()
    assert len(list((sharded / "notebooks/copd/shards").glob("*.ipynb"))) == 6
    assert set(_executed(Run(str(sharded)), read_notebooks(ROOT / "notebooks"))) == {"notebooks/01_cohort"}
    assert merge_manifest(sharded)["stages"] == []
    assert len(list((sharded / "results/stages/shards").glob("*.json"))) == 6


def test_whole_stage_after_its_shards_makes_the_table_and_no_subject_again(sharded, smoke_run):
    made = {path: path.stat().st_mtime_ns for path in sharded.glob("copd/anatomy/*/affine.json")}
    command = [sys.executable, "-m", "drasclr_core.workflow.execute", "notebooks/04_registration.ipynb"]
    command += ["--run", str(sharded), "--preset", "presets/smoke.yaml", "-p", "workers", "1"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert {path: path.stat().st_mtime_ns for path in made} == made
    results = [(run / "results/registration_copd.csv").read_text().splitlines() for run in (smoke_run, sharded)]
    assert len(results[1]) == 6 and set(results[1]) <= set(results[0])
