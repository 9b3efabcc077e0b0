"""Pretraining as a command of two processes, on a small run folder."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml

from drasclr_core.anatomy.atlas import build_atlas
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.methods.drasclr import DrasCLR
from drasclr_core.methods.stage import PretrainingStage
from drasclr_core.run import Run, project_root
from drasclr_core.workflow.preset import Preset
from drasclr_core.workflow.pretrain import STAGE, processes


@pytest.fixture
def run(tmp_path):
    """Six subjects with patches of 4 landmarks or so, and a preset."""
    run = Run(str(tmp_path / "runs" / "small"), "copd")
    atlas = build_atlas(np.ones((16, 16, 16)), np.diag([4.0, 4, 4, 1]), step_mm=32.0)
    atlas.save(run.atlas)
    sids, random = [f"S{index}" for index in range(6)], np.random.default_rng(0)
    store = PatchStore.create(run.patches, sids, len(atlas.corners), 8, 4.0)
    for sid in sids:
        store.write(sid, random.integers(-1000, 0, (len(atlas.corners), 8, 8, 8)).astype(np.int16))
    run.subjects.parent.mkdir(parents=True)
    pd.DataFrame({"sid": sids, "FEV1pp": np.linspace(30, 90, 6)}).to_parquet(run.subjects)
    stages = {"06_pretrain": {"epochs": 1, "batch_size": 6, "bank_size": 6, "num_experts": 2, "accelerator": "cpu"}}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump({"stages": stages, "cohorts": {"copd": {}}}))
    return run


def test_the_command_does_what_the_notebook_then_finds_done(run, tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m",
               "drasclr_core.workflow.pretrain", str(run.folder), str(tmp_path / "small.yaml")]  # fmt: skip
    done = subprocess.run(command, cwd=project_root(__file__), env={**os.environ, "OMP_NUM_THREADS": "1"},
                          capture_output=True, text=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    weights = run.pretrain() / "model.safetensors"
    before = weights.stat().st_mtime_ns

    parameters = Preset.load(tmp_path / "small.yaml").values("copd", STAGE)
    log = PretrainingStage.of(run, parameters).run()
    assert weights.stat().st_mtime_ns == before
    assert len(log) > 0


def test_settings_are_the_notebooks_with_the_presets_over_them():
    preset = Preset.load(project_root(__file__) / "presets" / "paper.yaml")
    parameters = preset.values("copd", STAGE)
    assert parameters["bank_size"] == 4096
    assert parameters["rotate_deg"] == 10.0  # only the notebook says so
    settings = DrasCLR.configure(32, 1.0, parameters)
    assert settings.augmentation.translate_mm == 12.0
    assert settings.lr == 0.01
    local = {"method": "drasclr_local"}
    assert preset.values("copd", f"{STAGE}-drasclr_local") == {**parameters, **local}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {}),
        ({"LOCAL_WORLD_SIZE": "4", "WORLD_SIZE": "8"}, {"devices": 4, "nodes": 2}),
        ({"SLURM_NTASKS": "8", "SLURM_NNODES": "2", "SLURM_PROCID": "3"}, {"devices": 4, "nodes": 2}),
        ({"SLURM_NTASKS": "8", "SLURM_NNODES": "2"}, {}),  # inside an allocation, but not started by srun
    ],
)
def test_the_number_of_processes_is_the_launchers(variables, expected, monkeypatch):
    for name in ("LOCAL_WORLD_SIZE", "WORLD_SIZE", "SLURM_NTASKS", "SLURM_NNODES", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert processes() == expected
