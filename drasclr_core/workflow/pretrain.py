"""Pretraining as a command, for several GPUs or machines; notebook 06 then finds the run finished and shows it.

``torchrun --nproc_per_node 4 -m drasclr_core.pretrain copdgene presets/paper.yaml``

Settings are those of the stage ``06_pretrain``: the defaults of its notebook, then the preset's.
"""

from __future__ import annotations

import argparse
import ast
import os

import pandas as pd
import papermill

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.pretrain.cache import reading_threads
from drasclr_core.pretrain.config import PretrainConfig
from drasclr_core.pretrain.loop import pretrain
from drasclr_core.pretrain.probe import read_labels
from drasclr_core.run import Run, project_root
from drasclr_core.workflow.preset import Preset

STAGE = "06_pretrain"
OF_THE_NOTEBOOK = ("run", "cohort", "method", "probe_labels")  # its parameters that are no settings of the training


def stage_parameters(preset: Preset, cohort: str, method: str = "") -> dict:
    """The parameters with which the preset's stage 06 (of a method, if one is given) runs, defaults included."""
    notebook = papermill.inspect_notebook(project_root() / "notebooks" / f"{STAGE}.ipynb")
    defaults = {name: ast.literal_eval(about["default"]) for name, about in notebook.items()}
    return {**defaults, **preset.parameters(cohort, f"{STAGE}-{method}" if method else STAGE)}


def processes() -> dict[str, int]:
    """Processes per machine, and machines, as torchrun or Slurm's srun started them."""
    if "LOCAL_WORLD_SIZE" in os.environ:
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        return {"devices": devices, "nodes": int(os.environ["WORLD_SIZE"]) // devices}
    if "SLURM_NTASKS" in os.environ and "SLURM_PROCID" in os.environ:
        nodes = int(os.environ.get("SLURM_NNODES", 1))
        return {"devices": int(os.environ["SLURM_NTASKS"]) // nodes, "nodes": nodes}
    return {}


def main() -> pd.DataFrame:
    parser = argparse.ArgumentParser(prog="python -m drasclr_core.pretrain", description=__doc__.splitlines()[0])
    # Not --run: torchrun would take it for the beginning of an option of its own.
    parser.add_argument("run", help="name of the run, or its folder")
    parser.add_argument("preset", help="presets/<name>.yaml, the same as for the rest of the run")
    parser.add_argument("--cohort", help="by default the preset's first")
    parser.add_argument("--method", default="", help="a stage 06_pretrain-METHOD of the preset; by default 06_pretrain")
    given = parser.parse_args()
    preset = Preset.load(given.preset)
    cohort = given.cohort or next(iter(preset.cohorts))
    parameters = stage_parameters(preset, cohort, given.method) | processes()
    run, method = Run(given.run, cohort), parameters["method"]
    store, atlas = PatchStore.open(run.patches, reading_threads()), Atlas.load(run.atlas)
    if store.missing():
        parser.error(f"{len(store.missing())} subjects have no patches yet: run notebook 05_patches first.")
    labels = read_labels(run.subjects, store.sids, parameters["probe_labels"])
    settings = {name: value for name, value in parameters.items() if name not in OF_THE_NOTEBOOK}
    size = round(atlas.patch_size * atlas.spacing / store.spacing)
    config = PretrainConfig.from_parameters(size, store.spacing, **settings)
    return pretrain(store, atlas, run.pretrain(method), config, labels)


if __name__ == "__main__":
    main()
