"""From a file to numbers: an array and an affine, or a refusal with a remedy."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from drasclr_core.imaging import itk, nifti
from drasclr_core.imaging.affine import affine_matrix
from drasclr_core.imaging.dicom import is_dicom, read_dicom
from drasclr_core.imaging.masks import bounding_box
from drasclr_core.imaging.pointers import FETCH, is_pointer
from drasclr_core.imaging.refusal import VolumeError, printable_name, refusal, without_name

FILE_SUFFIXES = (*nifti.SUFFIXES, *itk.SUFFIXES)
PLAUSIBLE_SPACING = (0.1, 20.0)
"""Voxel sizes of chest CT, mm; a size outside means a broken header or metres instead of millimetres."""
LARGEST_M3 = 1.0
"""The box round a whole body is smaller; a larger one would not fit into memory at 1 mm."""
BODY_HU = -500.0
"""Brighter voxels are body or table, not air."""


def is_image_file(path: str | Path) -> bool:
    """Returns whether a file's name is that of a format that can be read; hidden files are none.

    A link has the name that it is given, or else that of the file it leads to.
    """
    path = Path(path)
    return not path.name.startswith(".") and bool(
        file_suffix(path) or (path.is_symlink() and file_suffix(path.resolve()))
    )


def file_suffix(path: str | Path) -> str:
    """Returns which of `FILE_SUFFIXES` a name ends in, "" for none."""
    return next((suffix for suffix in FILE_SUFFIXES if Path(path).name.lower().endswith(suffix)), "")


def read_image(path: str | Path) -> tuple[np.ndarray, np.ndarray, dict]:
    """Returns one scan as it is stored.

    Parameters
    ----------
    path : path
        A NIfTI, NRRD or MetaImage file, a multi-frame DICOM file, or a folder with a DICOM series.

    Returns
    -------
    array : float32 [i, j, k]
        Values after the file's own slope and intercept.
    affine : float64 [4, 4]
        From voxel indices to RAS mm.
    source : dict
        ``format`` and, for DICOM, ``slice_thickness`` (mm), ``gap_mm`` where a gap was interpolated, ``cut_files``
        where files beside the slices are empty or cut, and ``note`` where slices were left out; nothing that names a
        person or a study.

    Raises
    ------
    VolumeError
        No such file, unknown format, damaged, not CT, not one 3-D frame, or a header without usable geometry. The
        message has the name that was given, also where that is a link.
    """
    path = Path(path)
    _check_access(path)
    try:
        file = path if file_suffix(path) else path.resolve()  # the name of a link comes before that of its file
        array, affine, source = _reader(file)(file)
        array, affine = _cut_to_body(array, affine)
        _check_geometry(path, array.shape, affine)
    except VolumeError as error:
        if file.name != path.name:  # the file's own name may be a person's where the link's is not
            error.args = (f"{printable_name(path)}: {without_name(str(error), file)}",)
        raise
    except Exception as error:  # a damaged file may make the libraries raise anything, and must not stop a cohort
        problem = f"cannot be read ({type(error).__name__})"
        raise refusal(path, problem, "Copy or convert it again") from error
    return array, affine, source


def _check_access(path: Path) -> None:
    try:
        there, is_link = path.exists(), path.is_symlink()
    except OSError:  # a name that no file can have
        there, is_link = False, False
    if not there and is_link:
        raise refusal(path, "no such file where this link leads", FETCH)
    if not there:
        raise refusal(path, "no such file or folder", "Correct the image column of the subject table")
    if not (path.is_file() or path.is_dir()):
        raise refusal(path, "neither a file nor a folder", "Give a file, or a folder with a DICOM series")
    if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
        raise refusal(path, "no permission to read it", "Change its permissions, or ask its owner to")
    if is_pointer(path):
        raise refusal(path, "a pointer of Git LFS or git-annex, not the scan itself", FETCH)


def _reader(path: Path) -> Callable[[Path], tuple[np.ndarray, np.ndarray, dict]]:
    suffix = file_suffix(path)
    if suffix:
        return nifti.read_nifti if suffix in nifti.SUFFIXES else itk.read_itk
    if path.is_dir() or is_dicom(path):
        return read_dicom
    remedy = f"Give a file ({', '.join(FILE_SUFFIXES)}) or a folder with a DICOM series"
    raise refusal(path, "unknown format", remedy)


def _cut_to_body(array: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A scan without the air round it, where its box is larger than `LARGEST_M3`: whole bodies in a wide field."""
    if not _is_too_large(array.shape, affine):
        return array, affine
    box = bounding_box(array > BODY_HU, 2)
    return array[box], affine @ affine_matrix(np.eye(3), np.array([side.start or 0 for side in box]))


def _is_too_large(shape: tuple[int, ...], affine: np.ndarray) -> bool:
    return bool(np.prod(np.linalg.norm(affine[:3, :3], axis=0) * shape) / 1e9 > LARGEST_M3)


def _check_geometry(path: Path, shape: tuple[int, ...], affine: np.ndarray) -> None:
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    low, high = PLAUSIBLE_SPACING
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9 * max(spacing.prod(), 1e-9):
        raise refusal(path, "the header's axes are not usable (zero, infinite or parallel)", "Convert it again")
    if spacing.min() < low or spacing.max() > high:
        sizes = " x ".join(f"{size:.3g}" for size in spacing)
        raise refusal(path, f"voxels of {sizes} mm, expected {low} to {high} mm", "Correct the header (unit: mm)")
    if _is_too_large(shape, affine):
        sides = " x ".join(f"{length:.0f}" for length in spacing * shape)
        raise refusal(path, f"a scanned box of {sides} mm", "Correct the voxel sizes in the header (unit: mm), or "
                      "cut the chest out")  # fmt: skip
    if min(shape) < 2:
        raise refusal(path, f"a single slice (shape {tuple(shape)})", "Give the whole volume")
