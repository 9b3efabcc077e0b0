"""Pretraining as a command, for several GPUs or machines; notebook 06 then finds the run finished and shows it.

``torchrun --nproc_per_node 4 -m drasclr_core.workflow.pretrain copdgene presets/paper.yaml``

Settings are those of the stage ``06_pretrain``: the defaults of its notebook, then the preset's.
"""

from __future__ import annotations

import argparse
import os

import pandas as pd

from drasclr_core.methods.stage import PretrainingStage
from drasclr_core.run import Run
from drasclr_core.workflow.preset import Preset

STAGE = "06_pretrain"


def processes() -> dict[str, int]:
    """Returns processes per machine, and machines, as torchrun or Slurm's srun started them."""
    if "LOCAL_WORLD_SIZE" in os.environ:
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        return {"devices": devices, "nodes": int(os.environ["WORLD_SIZE"]) // devices}
    if "SLURM_NTASKS" in os.environ and "SLURM_PROCID" in os.environ:
        nodes = int(os.environ.get("SLURM_NNODES", 1))
        return {"devices": int(os.environ["SLURM_NTASKS"]) // nodes, "nodes": nodes}
    return {}


def main() -> pd.DataFrame:
    parser = argparse.ArgumentParser(prog="python -m drasclr_core.workflow.pretrain",
                                     description=__doc__.splitlines()[0])  # fmt: skip
    # Not --run: torchrun would take it for the beginning of an option of its own.
    parser.add_argument("run", help="name of the run, or its folder")
    parser.add_argument("preset", help="presets/<name>.yaml, the same as for the rest of the run")
    parser.add_argument("--cohort", help="by default the preset's first")
    parser.add_argument("--method", default="", help="a stage 06_pretrain-METHOD of the preset; by default 06_pretrain")
    given = parser.parse_args()
    try:
        preset = Preset.load(given.preset)
        cohort = given.cohort or next(iter(preset.cohorts))
        parameters = preset.values(cohort, f"{STAGE}-{given.method}" if given.method else STAGE) | processes()
        stage = PretrainingStage.of(Run(given.run, cohort, parameters["atlas"]), parameters)
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    return stage.run()


if __name__ == "__main__":
    main()
