"""Brains with tumours in the layout of BraTS 2018: the embedded data of tumour segmentation. Resumable.

They are simulated (see `brain_picture`). Images and label maps are files that `read_brats18` reads.
"""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np

from drasclr_core.cohort.images.datasets.brats18 import GRADES, MODALITIES, read_brats18
from drasclr_core.cohort.images.datasets.pairs import PairSet
from drasclr_core.cohort.images.embedded.brain_picture import brain_with_tumour, grade_of
from drasclr_core.cohort.images.embedded.brain_template import Template, load_template
from drasclr_core.cohort.images.embedded.made import note_made
from drasclr_core.files import atomic
from drasclr_core.pieces import fingerprint, is_done, kept
from drasclr_core.progress import for_each

VERSION = 1
"""Raise when brains are drawn in another way."""


def make_brain_cohort(
    folder: str | Path, subjects: int, seed: int = 0, spacing: float = 3.0, workers: int = 0
) -> PairSet:
    """Makes brains with tumours, or finds them made, and returns them as `read_brats18` reads them.

    Parameters
    ----------
    folder : path
        Gets ``HGG/Brats18_SIM_0000_1/Brats18_SIM_0000_1_flair.nii.gz`` and so on, and ``subjects.csv``, which lists the
        subjects; files of subjects that an earlier call made stay and do not count.
    subjects : int
        1 to 9999.
    seed : int
        With the number of the subject it chooses everything.
    spacing : float
        Voxel size, mm.
    workers : int
        Processes (see `progress.for_each`).

    Raises
    ------
    ValueError
        There are fewer or more subjects than that, or another voxel size than `SPACING_MM` allows.
    """
    if not 1 <= subjects <= 9999:
        raise ValueError(f"{subjects} subjects: give a number from 1 to 9999")
    folder = Path(folder)
    maker = partial(_subject, folder=folder, seed=seed, spacing=spacing)
    if not all(is_done(folder, _sid(index), _key(index, seed, spacing)) for index in range(subjects)):
        maker = partial(maker, template=load_template())
    for_each(maker, range(subjects), "brains with tumours", workers)
    return note_made(folder, [_sid(index) for index in range(subjects)], read_brats18)


def _sid(index: int) -> str:
    return f"Brats18_SIM_{index:04d}_1"


def _key(index: int, seed: int, spacing: float) -> str:
    return fingerprint(version=VERSION, index=index, seed=seed, spacing=spacing)


def _subject(index: int, folder: Path, seed: int, spacing: float, template: Template | None = None) -> None:
    sid, grade = _sid(index), grade_of(index, seed)
    files = [folder / grade / sid / f"{sid}_{part}.nii.gz" for part in (*MODALITIES, "seg")]

    def make() -> None:
        images, labels, affine = brain_with_tumour(template or load_template(), index, seed, spacing)
        for other in GRADES:
            shutil.rmtree(folder / other / sid, ignore_errors=True)  # with another seed it may have had another grade
        for file, array in zip(files, (*np.rint(images).astype(np.int16), labels), strict=True):
            image = nib.Nifti1Image(array, affine)
            image.header.set_xyzt_units("mm")
            with atomic(file) as temporary:
                nib.save(image, temporary)

    kept(folder, sid, _key(index, seed, spacing), make, files)
