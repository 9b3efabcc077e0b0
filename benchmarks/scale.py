"""What a subject costs on the way from a scan to patches, in cohorts of growing size, and what follows for large ones.

``python benchmarks/scale.py`` simulates 8, 32 and 128 phantoms at 2 mm and 2 and 4 at 1 mm in a temporary folder, and
writes three tables: the cost of each stage (each runs in a process of its own, so that its memory is its own), that
cost for 9,180 and a million scans, and the parts of the code that see the whole cohort at once, at a million.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
from common import DATA, write_table
from limits import COHORTS, whole_cohort_limits

from drasclr_core.anatomy import align_cohort, cut_cohort, segment_cohort
from drasclr_core.anatomy.atlas import build_atlas, read_stored
from drasclr_core.cohort.phantom.cohort import make_cohort
from drasclr_core.cohort.subjects import read_subjects
from drasclr_core.provenance import Meter
from drasclr_core.report.gallery import write_gallery
from drasclr_core.run import Run

STAGES = ("cohort", "lungs", "atlas", "registration", "patches", "everything done")
SCAN_STAGES = ("lungs", "registration", "patches")
"""Stages that treat real scans one by one; the cohort of phantoms is simulated, the atlas is one subject's."""
PATCH_MM, STEP_MM, CONTEXT_MM = 32.0, 26.0, 24.0


def do(stage: str, run: Run, subjects: int, spacing: float, workers: int) -> None:
    """The work of one stage notebook, without its pictures."""
    if stage == "cohort":
        make_cohort(run, subjects, spacing=spacing, workers=workers)
        return
    table = read_subjects(run)
    if stage in ("lungs", "everything done"):
        segment_cohort(run, table, spacing, workers=workers)
    if stage == "atlas":
        mask = read_stored(run.anatomy(table["sid"][0]) / "lungs.nii.gz")
        build_atlas(*mask, PATCH_MM, STEP_MM).save(run.atlas)
    if stage in ("registration", "everything done"):
        align_cohort(run, table["sid"], workers=workers)
    if stage in ("patches", "everything done"):
        cut_cohort(run, table, spacing, round((PATCH_MM + CONTEXT_MM) / spacing), workers)
    if stage == "everything done":
        write_gallery(run, workers)


def measured(stage: str, folder: Path, subjects: int, spacing: float, workers: int) -> dict:
    """Wall and processor seconds of a stage in a process of its own, with all its workers, and their peak memory."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, __file__, "--stage", stage, str(folder), str(subjects), str(spacing), str(workers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**json.loads(done.stdout), "cpu s": round(cpu, 1)}


def on_disk(folder: Path) -> tuple[int, int]:
    """Bytes of a folder's files, and how many files and folders it holds."""
    paths = list(folder.rglob("*"))
    return sum(path.stat().st_size for path in paths if path.is_file()), len(paths)


def cohort_costs(subjects: int, spacing: float, workers: int, folder: Path) -> list[dict]:
    """One row for each stage, for a cohort in an empty folder."""
    run, rows = Run(str(folder / "scale")), []
    for stage in STAGES:
        before = on_disk(folder)
        costs = measured(stage, run.folder, subjects, spacing, workers)
        after = on_disk(folder)
        if stage == "atlas":  # one subject's, whatever the cohort
            continue
        rows.append({
            "voxel (mm)": spacing, "subjects": subjects, "stage": stage, **costs,
            "MB": round((after[0] - before[0]) / 1e6, 3), "files and folders": after[1] - before[1],
        })  # fmt: skip
        print(rows[-1], file=sys.stderr)
    return rows


def per_further_subject(table: pd.DataFrame) -> pd.DataFrame:
    """Costs of one more subject, from each size of the cohort to the next: start-up and imports fall out.

    Parameters
    ----------
    table : DataFrame
        Rows of `cohort_costs` for at least two sizes of each voxel size.
    """
    amounts = ["cpu s", "MB", "files and folders"]
    grown = table.sort_values("subjects").groupby(["voxel (mm)", "stage"], sort=False)[["subjects", *amounts]].diff()
    slopes = grown[amounts].div(grown["subjects"], axis=0).add_suffix(" per further subject")
    return table.join(slopes.round({"cpu s per further subject": 2, "MB per further subject": 3,
                                    "files and folders per further subject": 1}))  # fmt: skip


def extrapolate(table: pd.DataFrame) -> list[dict]:
    """Hours, disk and files of large cohorts of scans at the rates between the two largest cohorts measured."""
    rows = []
    for spacing, part in table[table["stage"].isin(SCAN_STAGES)].groupby("voxel (mm)"):
        rates = part[part["subjects"] == part["subjects"].max()].set_index("stage").filter(like="per further")
        total = rates.sum()
        for subjects in COHORTS:
            hours = subjects * total["cpu s per further subject"] / 3600
            rows.append({
                "voxel (mm)": spacing, "scans": subjects, "hours on 1 core": round(hours, 1),
                "hours on 1,000 cores": round(hours / 1000, 2),
                "lungs and landmarks (TB)": round(
                    subjects * rates.loc[["lungs", "registration"], "MB per further subject"].sum() / 1e6, 3),
                "patches (TB)": round(subjects * rates.loc["patches", "MB per further subject"] / 1e6, 2),
                "files and folders (millions)": round(
                    subjects * total["files and folders per further subject"] / 1e6, 2),
            })  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 32, 128], help="cohorts at --spacing")
    parser.add_argument("--spacing", type=float, default=2.0)
    parser.add_argument("--fine", type=int, nargs="*", default=[2, 4], help="cohorts at 1 mm, the paper's voxel size")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--no-limits", action="store_true", help="leave out the third table")
    parser.add_argument("--out", type=Path, default=DATA)
    given = parser.parse_args()
    rows = []
    for spacing, sizes in ((given.spacing, given.sizes), (1.0, given.fine)):
        for subjects in sizes:
            with tempfile.TemporaryDirectory() as folder:
                rows += cohort_costs(subjects, spacing, given.workers, Path(folder))
    about = {"workers": given.workers, "step_mm": STEP_MM, "patch_mm": PATCH_MM, "context_mm": CONTEXT_MM}
    table = write_table(per_further_subject(pd.DataFrame(rows)).to_dict("records"), "scale", given.out, **about)
    write_table(extrapolate(table), "scale_extrapolated", given.out, **about)
    if not given.no_limits:
        write_table(whole_cohort_limits(), "scale_limits", given.out)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stage"]:
        name, place, count, voxel, processes = sys.argv[2:]
        with Meter() as meter:
            do(name, Run(place), int(count), float(voxel), int(processes))
        print(json.dumps({"wall s": round(meter.seconds, 1), "peak MB": round(meter.peak_mb)}))
    else:
        main()
