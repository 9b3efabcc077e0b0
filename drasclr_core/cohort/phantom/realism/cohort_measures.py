"""Measures of every phantom of a run, resumable: what the acceptance table is computed from."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from drasclr_core.cohort.phantom.realism.acceptance import second_reading
from drasclr_core.cohort.phantom.realism.scan_measures import measure_phantom
from drasclr_core.cohort.phantom.scan.scanner import Scanner
from drasclr_core.cohort.phantom.simulate import simulate
from drasclr_core.cohort.phantom.subject.traits import draw_traits
from drasclr_core.cohort.phantom.truth import DISEASES, GENERATOR
from drasclr_core.cohort.subjects import image_path, read_subjects
from drasclr_core.imaging.densitometry import densitometry
from drasclr_core.pieces import file_fingerprint, fingerprint, kept
from drasclr_core.progress import for_each
from drasclr_core.run import Run

VERSION = 2
"""Raise when a measure changes."""


def measured_cohort(run: Run, kernels: int = 6, seed: int = 0, spacing: float = 2.0, workers: int = 0) -> pd.DataFrame:
    """Returns the subject table of a phantom run with all measures, one row per subject whose lungs were found.

    Parameters
    ----------
    kernels : int
        For so many further phantoms LAA-950 is measured with a soft and with a sharp kernel (column ``laa_kernel``, NaN
        in the other rows).
    seed, spacing : int, float
        Of these further phantoms.

    Returns
    -------
    DataFrame
        The clinical columns, those of `scan_measures.measure_phantom`, ``second_CLE`` and ``laa_kernel``. Scan and
        table both name a lung volume; ``volume_l`` is that of the found lungs.

    Raises
    ------
    ValueError
        If no phantom of the run has found lungs.
    """
    subjects = read_subjects(run)
    ready = [(run.anatomy(sid) / "lungs.nii.gz").exists() and (run.truth / f"{sid}.nii.gz").exists()
             for sid in subjects["sid"]]  # fmt: skip
    subjects = subjects[ready].reset_index(drop=True)
    if subjects.empty:
        raise ValueError(f"{run.cohort.name}: no phantom whose lungs were found. Run notebooks 01 and 02 first.")
    files = [(sid, image_path(run, image)) for sid, image in zip(subjects["sid"], subjects["image"], strict=True)]
    measures = pd.DataFrame(for_each(partial(_measured, run), files, "measuring phantoms", workers))
    table = pd.concat([subjects, measures.drop(columns=list(DISEASES))], axis=1)
    table["second_CLE"] = [second_reading(row, number) for number, (_, row) in enumerate(measures.iterrows())]
    differences = for_each(
        partial(kernel_difference, seed=seed, spacing=spacing), range(kernels), "two kernels", workers
    )
    table["laa_kernel"] = pd.Series(differences, dtype=float).reindex(table.index)
    return table


def _measured(run: Run, subject: tuple[str, object]) -> dict:
    sid, image = subject
    lungs, truth = run.anatomy(sid) / "lungs.nii.gz", run.truth / f"{sid}.nii.gz"
    key = fingerprint(version=VERSION, lungs=file_fingerprint(lungs), truth=file_fingerprint(truth))
    return kept(run.anatomy(sid), "measures", key, lambda: measure_phantom(str(image), str(lungs), str(truth)))


def kernel_difference(index: int, seed: int, spacing: float) -> float:
    """Returns LAA-950 with a sharp kernel less that with a soft one, of one phantom, in points."""
    traits = draw_traits(index, seed)
    laa = {}
    for kind in ("soft", "sharp"):
        scanner = Scanner.of_kind(kind, np.random.default_rng((seed, index, GENERATOR)), traits.bmi)
        made = simulate(traits, index, seed, spacing, scanner=scanner)
        laa[kind] = densitometry(made.volume, made.truth["lungs"])["laa950_pct"]
    return laa["sharp"] - laa["soft"]
