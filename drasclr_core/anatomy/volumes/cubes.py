"""Whole scans as small cubes, the input of a network that sees all of the lungs at once."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage

from drasclr_core.cohort.subjects import image_path
from drasclr_core.files import atomic, read_json
from drasclr_core.imaging.volume import load_mask, load_volume
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import for_each
from drasclr_core.run import Run

VERSION = 2
"""Raise when cubes are made in another way, so that those of an older version are made anew."""


def whole_lung_cubes(run: Run, subjects: pd.DataFrame, size: int = 40, workers: int = 0) -> np.ndarray:
    """Returns the scans of `subjects`, each cropped to the box round its lungs and stretched to a cube.

    Parameters and errors as in `keep_cubes`.

    Returns
    -------
    int16 array [N, size, size, size]
        HU, axes towards right, front and top, in the order of `subjects` (rows of the subject table).
    """
    keep_cubes(run, subjects, size, workers)
    return np.stack([np.load(cube_file(run, sid, size)) for sid in subjects["sid"]])


def keep_cubes(run: Run, subjects: pd.DataFrame, size: int, workers: int = 0) -> np.ndarray:
    """Makes the cubes of `subjects`, or finds them made, and returns the edges in mm of their boxes, float64 [N, 3].

    Nothing inside the box is masked out: heart, vessels and dense disease at the chest wall stay in the picture. A cube
    is kept in `cube_file` and made again when the scan, its lungs or the size change.

    Parameters
    ----------
    run : Run
    subjects : DataFrame
        Rows of the subject table.
    size : int
        Edge of the cube in voxels.
    workers : int
        Processes (see `progress.for_each`).

    Raises
    ------
    FileNotFoundError
        A subject has no lung mask.
    """
    jobs = [(sid, image_path(run, image)) for sid, image in zip(subjects["sid"], subjects["image"], strict=True)]
    made = for_each(partial(_keep_cube, run=run, size=size), jobs, "whole lungs", workers)
    return np.array([facts["edges_mm"] for facts in made], dtype=float).reshape(-1, 3)


def cube_file(run: Run, sid: str, size: int) -> Path:
    """Returns where a subject's cube of this edge is kept, an int16 array [size, size, size] of HU."""
    return run.cohort / "cubes" / str(size) / f"{sid}.npy"


def lung_box(lungs: np.ndarray) -> tuple[slice, slice, slice]:
    """Returns the box round the lungs, where a mask [x, y, z] is not 0."""
    return ndimage.find_objects((lungs > 0).astype(np.uint8))[0]


def lung_cube(array: np.ndarray, lungs: np.ndarray, size: int) -> np.ndarray:
    """Returns the box round the lungs as a cube, int16 HU [size, size, size].

    `array` is HU [x, y, z], `lungs` not 0 in the lungs. Where voxels get larger, each is the mean of what it covers.
    """
    import torch  # here, because it takes seconds, and most stages of the scans do without

    crop = torch.from_numpy(np.ascontiguousarray(array[lung_box(lungs)], dtype=np.float32))
    return torch.nn.functional.adaptive_avg_pool3d(crop[None], size)[0].round().to(torch.int16).numpy()


def _keep_cube(subject: tuple[str, Path], run: Run, size: int) -> dict:
    sid, image = subject
    mask, cube = run.anatomy(sid) / "lungs.nii.gz", cube_file(run, sid, size)
    if not mask.exists():
        raise FileNotFoundError(f"{sid}: no lung mask. Run notebook 02_lungs first, or leave this subject out.")

    def make() -> dict:
        lungs, affine = load_mask(mask)
        sizes = np.linalg.norm(affine[:3, :3], axis=0)
        volume = load_volume(image, float(sizes[0]))
        with atomic(cube) as temporary:
            np.save(temporary, lung_cube(volume.array, lungs, size))
        voxels = [edge.stop - edge.start for edge in lung_box(lungs)]
        return {"edges_mm": (sizes * voxels).round(3).tolist()}

    key = fingerprint(version=VERSION, lungs=read_json(mask.parent / ".lungs.json").get("key"), size=size)
    return kept(cube.parent, sid, key, make, [cube])
