"""How long the rest of a run takes, from what its notebooks say they cost and from the pace of its finished stages."""

from __future__ import annotations

import math

import pyarrow.parquet

from drasclr_core.files import read_json
from drasclr_core.provenance import stage_record
from drasclr_core.run import Run
from drasclr_core.workflow.preset import Preset
from drasclr_core.workflow.stages import notebook_of

START_SECONDS = 6.0
"""Of every stage: its process, its kernel and their imports."""


def expected_seconds(preset: Preset, run: Run, stage: str) -> float:
    """Returns the seconds that a stage of the run's cohort takes on one core by its notebook's `Notebook.cost`."""
    cohort, cost = run.cohort_name, preset.notebooks[notebook_of(stage)].cost
    values = {}
    for other in reversed(preset.chosen[cohort]):
        values |= preset.values(cohort, other)
    values |= preset.values(cohort, stage)
    if run.subjects.exists():
        values["subjects"] = pyarrow.parquet.read_metadata(run.subjects).num_rows
    return START_SECONDS + cost.get("seconds", 0.0) * math.prod(values.get(name, 1) for name in cost.get("per", ()))


def progress(preset: Preset, run: Run, stage: str, at_once: int) -> str:
    """Returns which stage of how many of the run this is, and in about how many minutes the last one ends.

    Parameters
    ----------
    preset : Preset
    run : Run
        Of the stage's cohort.
    stage : str
        The one that starts now.
    at_once : int
        Stages that run at the same time.
    """
    left, paces = [], []
    jobs = [(Run(str(run.folder), cohort), name) for cohort, names in preset.chosen.items() for name in names]
    for other, name in jobs:
        expected = expected_seconds(preset, other, name)
        done = (other.notebooks / other.cohort_name / f"{name}.ipynb").exists()
        if done and (other.cohort_name, name) != (run.cohort_name, stage):
            paces.append((read_json(stage_record(other, name)).get("seconds", expected), expected))
        else:
            left.append(expected)
    spent, foreseen = map(sum, zip(*paces, strict=True)) if paces else (1, 1)
    minutes = max(1, round(sum(left) * spent / (foreseen or 1) / at_once / 60))
    return f"stage {len(jobs) - len(left) + 1} of {len(jobs)}, about {minutes} min left at this run's pace"
