"""Densitometry of the lungs, measured on the scan inside the lungs that were found, as for any patient.

The four measures are those of quantitative CT: the share of voxels below -950 HU (LAA-950), the mean and the 15th
percentile of the HU (Perc15), and the volume. The found lungs are without trachea and main bronchi and hold the vessels
and the smaller bronchi; scanner noise and kernel are in the numbers, as they are in practice. Pi10 and wall area are
not measured: the walls of segmental bronchi are thinner than the voxels, of 2 mm in most runs.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.cohort.subjects import image_path
from drasclr_core.files import read_json
from drasclr_core.imaging.densitometry import MEASURES, densitometry
from drasclr_core.imaging.volume import load_mask, load_volume
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import for_each
from drasclr_core.run import Run

VERSION = 1
"""Raise when a measure changes, so that those of an older version are made anew."""


def densitometry_features(run: Run, subjects: pd.DataFrame, workers: int = 0) -> pd.DataFrame:
    """Returns ``sid`` and the `MEASURES` of `subjects` (rows of the subject table), each measured once and kept.

    A subject is measured on the voxels of its lung mask, and again when the scan or its lungs change; facts are kept in
    ``densitometry/`` of the cohort. `workers` are processes (see `progress.for_each`).

    Raises
    ------
    FileNotFoundError
        A subject has no lung mask.
    """
    jobs = [(sid, image_path(run, image)) for sid, image in zip(subjects["sid"], subjects["image"], strict=True)]
    measure = partial(_measured_once, anatomy=run.anatomy_folder, folder=run.cohort / "densitometry")
    return pd.DataFrame(for_each(measure, jobs, "densitometry", workers), columns=["sid", *MEASURES])


def _measured_once(subject: tuple[str, Path], anatomy: Path, folder: Path) -> dict:
    sid, image = subject
    mask = anatomy / sid / "lungs.nii.gz"
    if not mask.exists():
        raise FileNotFoundError(f"{sid}: no lung mask. Run notebook 02_lungs first, or leave this subject out.")

    def make() -> dict:
        lungs, affine = load_mask(mask)
        return densitometry(load_volume(image, float(np.linalg.norm(affine[:3, 0]))), lungs)

    # The key of the lungs changes with the scan and with how the lungs were found.
    key = fingerprint(version=VERSION, lungs=read_json(mask.parent / ".lungs.json").get("key"))
    return {"sid": sid, **kept(folder, sid, key, make)}
