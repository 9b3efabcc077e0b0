"""What each pretraining method costs, with the settings of a preset's line, on the patches of one run and one thread.

``python benchmarks/methods.py --run demo --preset presets/demo.yaml --minutes 10`` prints a row per method that has a
stage ``06_pretrain`` in the preset, with the `most_steps` that fit into so many minutes; ``--write`` keeps the table.
Seconds are those of the processor (reading ahead included); leave the machine alone all the same.
They leave out what a training does once: reading the store, and statistics of the normalisation at the end.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import torch
from common import DATA, middle, write_table

from drasclr_core.methods import methods
from drasclr_core.methods.stage import PretrainingStage
from drasclr_core.pretrain.budget import pace
from drasclr_core.pretrain.cache import cached
from drasclr_core.pretrain.setup import build_method
from drasclr_core.run import Run
from drasclr_core.workflow.preset import Preset

STAGE = "06_pretrain"
HOW = {"threads": 1, "accelerator": "cpu", "compile": "", "devices": 1, "nodes": 1, "probe_labels": ""}


def stages(preset: Preset, cohort: str) -> dict[str, str]:
    """The stage of each method in a preset's cohort, in the order of the tables; variants of a method have none."""
    found = {}
    for stage in preset.chosen[cohort]:
        if stage.partition("-")[0] == STAGE and not (values := preset.values(cohort, stage))["variant_of"]:
            found[values["method"]] = stage
    return {name: found[name] for name in methods() if name in found}


def measure(run: str, preset: Preset, cohort: str, name: str, steps: int) -> dict:
    """One method, in this process: parameters, processor seconds of a step, and the most memory that the process took.

    A method whose class says ``sees = "volumes"`` is shown scans; the others are shown patches.
    """
    torch.set_num_threads(1)
    values = preset.values(cohort, stages(preset, cohort)[name])
    stage = PretrainingStage.of(Run(run, cohort, values["atlas"]), values | HOW)
    store, settings = cached(stage.store, stage.settings.cache_gb), stage.settings
    model = build_method(stage.method, settings, stage.atlas)
    each = model.sampler(len(store.sids), 1).steps(0)
    scans = getattr(stage.method, "sees", "patches") == "volumes"
    shown = len(store.sids) * (1 if scans else store.num_landmarks)  # in an epoch, which shows all of them once
    trained = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    step = pace(stage.method, store, stage.atlas, settings, steps, time.process_time)
    return {"method": name, "sees": "scans" if scans else "patches", "in a step": round(shown / each, 1),
            "parameters, trained": trained, "parameters, kept": sum(map(torch.numel, model.encoder.parameters())),
            "step": step, "steps": min(each * settings.epochs, settings.most_steps or sys.maxsize),
            "peak MB": peak_mb()}  # fmt: skip


def peak_mb() -> float:
    """The most memory of this process so far, with PyTorch and the patches. Its parent's is not counted."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def row_of(measured: list[dict], minutes: float) -> dict:
    """The row of a method from its measurements."""
    first, (step, low, high) = measured[0], middle([one["step"] for one in measured])
    row = {name: first[name] for name in ("method", "sees", "in a step", "parameters, trained", "parameters, kept")}
    each, patches = step / first["in a step"], first["sees"] == "patches"
    row |= {"CPU s / 1,000 patches": round(1000 * each, 2) if patches else None,
            "CPU s / scan": None if patches else round(each, 3)}  # fmt: skip
    row |= {"CPU s / step": round(step, 4), "quartiles": f"{low:.4f} to {high:.4f}"}
    return row | {"peak MB": round(max(one["peak MB"] for one in measured)), "steps of the preset": first["steps"],
                  "minutes": minutes, "most_steps": int(60 * minutes / step)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="demo")
    parser.add_argument("--preset", default="presets/demo.yaml")
    parser.add_argument("--cohort", default="", help="by default the preset's first")
    parser.add_argument("--names", nargs="+", help="methods; by default all that have a stage in the preset")
    parser.add_argument("--minutes", type=float, default=10.0, help="of processor time, for a training")
    parser.add_argument("--steps", type=int, default=8, help="that are measured, each time")
    parser.add_argument("--repetitions", type=int, default=3, help="measurements of each method, in turns")
    parser.add_argument("--write", action="store_true", help="keep the table")
    parser.add_argument("--out", type=Path, default=DATA)
    parser.add_argument("--measure", help=argparse.SUPPRESS)  # the method that this process measures
    chosen = parser.parse_args()
    preset = Preset.load(chosen.preset)
    cohort = chosen.cohort or next(iter(preset.cohorts))
    if chosen.measure:
        print(json.dumps(measure(chosen.run, preset, cohort, chosen.measure, chosen.steps)))
        return
    known = stages(preset, cohort)
    if unknown := set(chosen.names or ()) - set(known):
        parser.error(f"no stage {STAGE} of {', '.join(sorted(unknown))} in {chosen.preset}, cohort {cohort}")
    measured: dict[str, list[dict]] = {name: [] for name in known if not chosen.names or name in chosen.names}
    for _ in range(chosen.repetitions):
        for name, found in measured.items():
            command = [sys.executable, __file__, "--run", chosen.run, "--preset", chosen.preset, "--cohort", cohort,
                       "--steps", str(chosen.steps), "--measure", name]  # fmt: skip
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            found.append(json.loads(done.stdout.splitlines()[-1]))
    rows = [row_of(found, chosen.minutes) for found in measured.values()]
    if chosen.write:
        write_table(rows, "methods", chosen.out, run=Run(chosen.run).name, preset=preset.name, cohort=cohort)
    else:
        print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
