"""Parts of the code that see a whole cohort at once, measured at 9,180 subjects and at a million, or scaled to them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from drasclr_core.anatomy import PatchStore
from drasclr_core.anatomy.quality import judge, quality_table
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.pieces import mark_done
from drasclr_core.pretrain.sampling import LandmarkSampler
from drasclr_core.report.gallery import write_gallery
from drasclr_core.run import Run, project_root

COHORTS = (9_180, 1_000_000)
SAMPLE, SUBJECTS_PER_SHARD = 3_000, 150
LANDMARKS, STORED = 575, 56
MEASURES = {"volume_l": 5.123456, "left_l": 2.4, "right_l": 2.7, "left_to_right": 0.88, "top_cut_cm2": 0.0,
            "bottom_cut_cm2": 6.5, "mean_hu": -845.2, "slice_mm": 1.25, "dice": 0.93, "determinant": 1.2, "shear": 0.05,
            "landmarks_inside": 0.97}  # fmt: skip


def seconds(action: Callable) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def finished_cohort(folder: Path, subjects: int) -> Run:
    """A run in which every subject has a verdict, without any image."""
    run = Run(str(folder / "many"))
    sids = [f"S{number:07d}" for number in range(subjects)]
    write_subjects(run, pd.DataFrame({"sid": sids, "image": [f"{sid}.nii.gz" for sid in sids]}))
    for sid in sids:
        judge(MEASURES).save(run.anatomy(sid) / "quality.json")
        for piece in ("lungs", "thumbnail"):
            mark_done(run.anatomy(sid), piece, "key", verdict="review", drawn=False)
    return run


def verdicts() -> list[dict]:
    """Reading every verdict and writing the gallery, at a sample's rate."""
    with tempfile.TemporaryDirectory() as folder:
        run = finished_cohort(Path(folder), SAMPLE)
        read, page = seconds(lambda: quality_table(run)), seconds(lambda: write_gallery(run, 1))
        size = (run.cohort / "quality" / "index.html").stat().st_size / 1e6
    amounts = {"s to read all verdicts": read, "s to write the gallery": page, "MB of the gallery's page": size}
    return [_row(name, [amount / SAMPLE * cohort for cohort in COHORTS], f"scaled from {SAMPLE}")
            for name, amount in amounts.items()]  # fmt: skip


def store() -> list[dict]:
    """Making a patch store for so many subjects, and opening it."""
    made, opened = [], []
    for cohort in COHORTS:
        with tempfile.TemporaryDirectory() as folder:
            path, sids = Path(folder) / "patches.zarr", [f"S{number:07d}" for number in range(cohort)]
            made.append(seconds(lambda path=path, sids=sids: PatchStore.create(path, sids, LANDMARKS, STORED, 1.0)))
            opened.append(seconds(lambda path=path: PatchStore(path)))
    return [_row("s to make the patch store", made, "measured"),
            _row("s to open the patch store (once a process)", opened, "measured")]  # fmt: skip


def order_of_an_epoch(cohort: int = 100_000) -> list[dict]:
    """What the order of an epoch's batches takes before the first step."""
    sampler = LandmarkSampler(LANDMARKS, cohort, 128, landmark_run_length=4)
    taken = seconds(lambda: next(sampler.epoch(0)))
    tracemalloc.start()
    next(sampler.epoch(0))
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return [_row(name, [amount / cohort * size for size in COHORTS], f"scaled from {cohort:,}")
            for name, amount in (("MB for the order of an epoch's batches", peak),
                                 ("s for the order of an epoch's batches", taken))]  # fmt: skip


def subjects_of_a_step() -> list[dict]:
    """Drawing the subjects of one batch."""
    amounts = []
    for cohort in COHORTS:
        epoch = LandmarkSampler(4, cohort, 128, landmark_run_length=4).epoch(0)
        next(epoch)
        amounts.append(1000 * min(seconds(lambda epoch=epoch: next(epoch)) for _ in range(10)))
    return [_row("ms to draw the subjects of a training step", amounts, "measured")]


def plan() -> list[dict]:
    """Snakemake's planning of all jobs, with 150 subjects in a shard."""

    def dry_run(cohort: int) -> float:
        settings = ["run=scale-plan", "preset=presets/paper.yaml", f"shards={-(-cohort // SUBJECTS_PER_SHARD)}"]
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--dry-run",
            "--quiet",
            "all",
            "--cores",
            "2",
            "--config",
            *settings,
        ]
        return seconds(lambda: subprocess.run(command, cwd=project_root(__file__), check=True, capture_output=True))

    return [
        _row(f"s for Snakemake's plan, {SUBJECTS_PER_SHARD} subjects a shard", list(map(dry_run, COHORTS)), "measured")
    ]


def whole_cohort_limits() -> list[dict]:
    """One row for each amount, at both sizes of the cohort."""
    return [*verdicts(), *store(), *order_of_an_epoch(), *subjects_of_a_step(), *plan()]


def _row(what: str, amounts: list[float], how: str) -> dict:
    sizes = [f"at {cohort:,}" for cohort in COHORTS]
    return {"what": what, **{size: float(f"{one:.2g}") for size, one in zip(sizes, amounts, strict=True)}, "how": how}
