"""Whole scans as small cubes, the input of a network that sees all of the lungs at once."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy import ndimage

from drasclr_core.cohort.subjects import image_path
from drasclr_core.files import atomic, read_json
from drasclr_core.imaging.volume import load_mask, load_volume
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import for_each
from drasclr_core.run import Run

VERSION = 1
"""Raise when cubes are made in another way, so that those of an older version are made anew."""


def whole_lung_cubes(run: Run, subjects: pd.DataFrame, size: int = 40, workers: int = 0) -> np.ndarray:
    """Returns the scans of `subjects`, each cropped to the box round its lungs and stretched to a cube.

    Nothing inside the box is masked out: heart, vessels and dense disease at the chest wall stay in the picture. A cube
    is kept in ``cubes/<sid>.npy`` of the `run` and made again when the scan, its lungs or the size change.

    Parameters
    ----------
    size : int
        Edge of the cube in voxels.
    workers : int
        Processes (see `progress.for_each`).

    Returns
    -------
    int16 array [N, size, size, size]
        HU, axes towards right, front and top, in the order of `subjects` (rows of the subject table).

    Raises
    ------
    FileNotFoundError
        A subject has no lung mask.
    """
    jobs = [(sid, image_path(run, image)) for sid, image in zip(subjects["sid"], subjects["image"], strict=True)]
    folder = run.cohort / "cubes"
    for_each(partial(_keep_cube, anatomy=run.anatomy(""), folder=folder, size=size), jobs, "whole lungs", workers)
    return np.stack([np.load(folder / f"{sid}.npy") for sid, _ in jobs])


def lung_cube(array: np.ndarray, lungs: np.ndarray, size: int) -> np.ndarray:
    """Returns the box round the lungs as a cube, int16 HU [size, size, size].

    `array` is HU [x, y, z], `lungs` not 0 in the lungs. Where voxels get larger, each is the mean of what it covers.
    """
    box = ndimage.find_objects((lungs > 0).astype(np.uint8))[0]
    crop = torch.from_numpy(np.ascontiguousarray(array[box], dtype=np.float32))
    return torch.nn.functional.adaptive_avg_pool3d(crop[None], size)[0].round().to(torch.int16).numpy()


def _keep_cube(subject: tuple[str, Path], anatomy: Path, folder: Path, size: int) -> None:
    sid, image = subject
    mask, cube = anatomy / sid / "lungs.nii.gz", folder / f"{sid}.npy"
    if not mask.exists():
        raise FileNotFoundError(f"{sid}: no lung mask. Run notebook 02_lungs first, or leave this subject out.")

    def make() -> None:
        lungs, affine = load_mask(mask)
        volume = load_volume(image, float(np.linalg.norm(affine[:3, 0])))
        with atomic(cube) as temporary:
            np.save(temporary, lung_cube(volume.array, lungs, size))

    key = fingerprint(version=VERSION, lungs=read_json(mask.parent / ".lungs.json").get("key"), size=size)
    kept(folder, sid, key, make, [cube])
