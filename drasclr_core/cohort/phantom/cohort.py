"""A cohort of phantoms in a run folder: images, truth, subject table, emphysema boxes. Resumable."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd

from drasclr_core.cohort.annotations import COLUMNS
from drasclr_core.cohort.phantom.labels.boxes import click_boxes, is_annotated
from drasclr_core.cohort.phantom.labels.clinical import clinical_row
from drasclr_core.cohort.phantom.simulate import simulate
from drasclr_core.cohort.phantom.subject.traits import draw_traits
from drasclr_core.cohort.phantom.truth import GENERATOR, save_truth
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.files import write_csv
from drasclr_core.imaging.volume import save_volume
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import for_each
from drasclr_core.run import Run


def subject_name(index: int) -> str:
    """Returns the sid of phantom number `index`."""
    return f"P{index:05d}"


def make_subject(index: int, images: Path, truth: Path, seed: int = 0, spacing: float = 2.0, arm: str = "copd") -> dict:
    """Makes one phantom's files, unless they are there already.

    Parameters
    ----------
    index : int
        Number of the subject; with `seed` and `arm` it chooses the subject, whatever the size of the cohort.
    images, truth : Path
        Folders for ``<sid>.nii.gz``: the scan (int16 HU) and the truth masks (see `truth.load_truth`).
    spacing : float
        Voxel size, mm.

    Returns
    -------
    dict
        ``row``: the clinical columns; ``boxes``: list of emphysema boxes (empty where nobody annotated).
    """
    sid, images, truth = subject_name(index), Path(images), Path(truth)
    key = fingerprint(version=GENERATOR, index=index, seed=seed, spacing=spacing, arm=arm)
    image_file, truth_file = images / f"{sid}.nii.gz", truth / f"{sid}.nii.gz"

    def make() -> dict:
        traits = draw_traits(index, seed, arm)
        phantom = simulate(traits, index, seed, spacing)
        save_volume(image_file, phantom.volume)
        save_truth(truth_file, phantom)
        annotated = arm == "copd" and is_annotated(index, seed)
        boxes = click_boxes(phantom.truth, phantom.volume.affine, sid, index, seed) if annotated else []
        return {"row": list(clinical_row(traits, phantom.measures, index, seed).items()), "boxes": boxes}

    made = kept(truth, sid, key, make, (image_file, truth_file))
    return {"row": dict(made["row"]), "boxes": made["boxes"]}


def make_cohort(
    run: Run, subjects: int, seed: int = 0, spacing: float = 2.0, arm: str = "copd", workers: int = 0
) -> pd.DataFrame:
    """Makes phantoms 0 to `subjects` - 1, the subject table and ``boxes.csv`` of the run's cohort.

    Returns
    -------
    DataFrame
        What is in ``subjects.parquet``: ``sid``, ``image`` and the clinical columns, one row per subject.
    """
    maker = partial(make_subject, images=run.images, truth=run.truth, seed=seed, spacing=spacing, arm=arm)
    made = for_each(maker, range(subjects), f"phantoms ({arm})", workers)
    table = pd.DataFrame([one["row"] for one in made])
    sids = [subject_name(index) for index in range(subjects)]
    table.insert(0, "sid", sids)
    table.insert(1, "image", [(run.images / f"{sid}.nii.gz").relative_to(run.cohort).as_posix() for sid in sids])
    write_subjects(run, table)
    boxes = pd.DataFrame([box for one in made for box in one["boxes"]], columns=list(COLUMNS))
    write_csv(run.cohort / "cohort" / "boxes.csv", boxes.round({"x": 1, "y": 1, "z": 1}))
    return table
