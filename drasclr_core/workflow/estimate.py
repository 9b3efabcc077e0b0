"""How long the rest of a run takes, from what its notebooks say they cost and from the pace of its finished stages."""

from __future__ import annotations

import math

import pyarrow.parquet

from drasclr_core.files import read_json
from drasclr_core.provenance import stage_record
from drasclr_core.run import Run
from drasclr_core.workflow.preset import Preset
from drasclr_core.workflow.stages import notebook_of

START_SECONDS = 2.0
"""Of every stage: its process and its kernel, which has the libraries loaded (see `workflow.warm`)."""

BOOK_SECONDS = 75.0
"""Of the book after the last stage."""


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


def seconds_to_end(preset: Preset, seconds: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Returns how long each stage and the longest chain of stages that wait for it take together.

    What takes longest to the end is begun first: the list schedule by critical path. With m stages at a time no list
    schedule takes more than 2 - 1/m times the shortest (R. L. Graham, SIAM J. Appl. Math. 1969).

    Parameters
    ----------
    preset : Preset
    seconds : dict
        Of each (cohort, stage) of the run; 0 for a finished one.
    """
    waiting = {job: [] for job in seconds}
    for job in seconds:
        for first in preset.before(*job):
            waiting[first].append(job)
    longest: dict[tuple[str, str], float] = {}

    def follow(job: tuple[str, str]) -> float:
        if job not in longest:
            longest[job] = seconds[job] + max(map(follow, waiting[job]), default=0.0)
        return longest[job]

    for job in seconds:
        follow(job)
    return longest


def all_expected(preset: Preset, run: Run) -> dict[tuple[str, str], float]:
    """Returns `expected_seconds` of every (cohort, stage) of a run."""
    jobs = [(cohort, stage) for cohort, stages in preset.chosen.items() for stage in stages]
    return {(cohort, stage): expected_seconds(preset, Run(str(run.folder), cohort), stage) for cohort, stage in jobs}


def finished(preset: Preset, run: Run) -> set[tuple[str, str]]:
    """Returns each (cohort, stage) of a run that need not be executed again, by the age of its page.

    Its page is no older than the pages before it, all finished themselves, and than its notebook: Snakemake's rule.
    """
    found: dict[tuple[str, str], float | None] = {}

    def age(job: tuple[str, str]) -> float | None:
        if job not in found:
            cohort, stage = job
            page = run.notebooks / cohort / f"{stage}.ipynb"
            before = [age(other) for other in preset.before(cohort, stage)]
            found[job] = None
            if page.exists() and None not in before:
                made = page.stat().st_mtime
                source = preset.notebooks[notebook_of(stage)].path.stat().st_mtime
                found[job] = made if made >= max([source, *before]) else None
        return found[job]

    return {
        job for job in ((cohort, one) for cohort, stages in preset.chosen.items() for one in stages)
        if age(job) is not None
    }  # fmt: skip


def progress(preset: Preset, run: Run, stage: str, at_once: int) -> str:
    """Returns which stage of how many of the run this is, and in about how many minutes the book is there.

    The pace is that of the work of finished stages, also where a page is made once more from what is kept.

    Parameters
    ----------
    preset : Preset
    run : Run
        Of the stage's cohort.
    stage : str
        The one that starts now.
    at_once : int
        Stages that run at the same time; never fewer minutes than the longest chain of what is left takes.
    """
    seconds, paces = all_expected(preset, run), []
    left = dict(seconds)
    for cohort, name in finished(preset, run) - {(run.cohort_name, stage)}:
        record = read_json(stage_record(Run(str(run.folder), cohort), name))
        expected = seconds[cohort, name]
        paces.append((record.get("computed", record).get("seconds", expected), expected))
        left[cohort, name] = 0.0
    spent, foreseen = map(sum, zip(*paces, strict=True)) if paces else (1, 1)
    alone = BOOK_SECONDS + max(sum(left.values()) / at_once, max(seconds_to_end(preset, left).values()))
    minutes = max(1, round(alone * spent / (foreseen or 1) / 60))
    return f"stage {len(paces) + 1} of {len(seconds)}, about {minutes} min left at this run's pace"
