"""What a phantom consists of, as a class for each voxel of its cube: the truth that a segmentation learns from.

Only anatomy: no disease, no look-alike and nothing clinical is a class, so that this truth is no label of what the
tables ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

from drasclr_core.anatomy.volumes.cubes import cube_file, lung_box
from drasclr_core.cohort.phantom.anatomy.heart import ORGANS
from drasclr_core.cohort.phantom.anatomy.lungs import LOBES
from drasclr_core.cohort.phantom.truth import load_truth
from drasclr_core.files import atomic, read_json
from drasclr_core.imaging.volume import load_mask
from drasclr_core.pieces import file_fingerprint, fingerprint, kept
from drasclr_core.progress import for_each
from drasclr_core.run import Run

CLASSES = ("background", *LOBES, *ORGANS, "airways", "lung vessels")
"""Class k of a cube is ``CLASSES[k]``."""
LUNGS = slice(1, 1 + len(LOBES))
"""The classes of lung tissue."""
VERSION = 1
"""Raise when the classes are made in another way."""


def true_classes(truth: dict[str, np.ndarray]) -> np.ndarray:
    """Returns the class of each voxel, uint8 [x, y, z], of masks and labels by name (see `load_truth`)."""
    lobes, organs = truth["lobes"], truth["organs"]
    classes = np.where(lobes > 0, lobes, np.where(organs > 0, organs + len(LOBES), 0)).astype(np.uint8)
    classes[truth["airways"]] = CLASSES.index("airways")
    classes[truth["vessels"] & (truth["lungs"] > 0)] = CLASSES.index("lung vessels")
    return classes


def class_cube(classes: np.ndarray, affine: np.ndarray, lungs: np.ndarray, lungs_affine: np.ndarray, size: int
               ) -> np.ndarray:  # fmt: skip
    """Returns classes in the box round the lungs, uint8 [size, size, size]: that at the centre of each voxel.

    Parameters
    ----------
    classes : uint8 [x, y, z]
        On any grid, with its `affine` [4, 4] to RAS mm.
    lungs : [x, y, z]
        The mask that cut the cube (`lung_cube`), with its affine.
    size : int
        Edge of the cube in voxels.
    """
    box = lung_box(lungs)
    low, high = np.array([[edge.start, edge.stop] for edge in box], dtype=float).T
    to_lungs = np.eye(4)
    to_lungs[:3, :3] = np.diag((high - low) / size)
    to_lungs[:3, 3] = low - 0.5 + (high - low) / size / 2
    step = np.linalg.inv(affine) @ lungs_affine @ to_lungs
    return ndimage.affine_transform(classes, step[:3, :3], step[:3, 3], (size,) * 3, order=0, mode="nearest")


def class_file(run: Run, sid: str, size: int) -> Path:
    """Returns where the classes of a subject's cube are kept, a uint8 array [size, size, size]."""
    return cube_file(run, f"{sid}-classes", size)


def keep_classes(run: Run, sids: Sequence[str], size: int, workers: int = 0) -> None:
    """Makes the true classes of the cubes of subjects, or finds them made.

    Parameters
    ----------
    run : Run
    sids : sequence of str
        Whose cubes are made already (`cubes.keep_cubes`).
    size : int
        Edge of the cubes in voxels.
    workers : int
        Processes (see `progress.for_each`).

    Raises
    ------
    FileNotFoundError
        The truth of a subject is not known: it is no phantom.
    """
    unknown = [sid for sid in sids if not _truth(run, sid).exists()]
    if unknown:
        raise FileNotFoundError(f"Of {len(unknown)} of {len(sids)} subjects of {run.cohort_name} nothing says which "
                                f"voxel is what (the first is {unknown[0]}): that is known of phantoms.")  # fmt: skip
    for_each(partial(_keep_classes, run=run, size=size), list(sids), "true classes", workers)


def _keep_classes(sid: str, run: Run, size: int) -> None:
    path, mask, file = _truth(run, sid), run.anatomy(sid) / "lungs.nii.gz", class_file(run, sid, size)

    def make() -> None:
        cube = class_cube(true_classes(load_truth(path)), nib.load(path).affine, *load_mask(mask), size)
        with atomic(file) as temporary:
            np.save(temporary, cube)

    lungs = read_json(mask.parent / ".lungs.json").get("key")
    kept(file.parent, file.stem, fingerprint(version=VERSION, lungs=lungs, truth=file_fingerprint(path)), make, [file])


def _truth(run: Run, sid: str) -> Path:
    return run.truth / f"{sid}.nii.gz"
