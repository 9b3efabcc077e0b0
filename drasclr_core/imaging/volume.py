"""One scan as every later stage sees it: Hounsfield units, axes towards right, front and top (RAS+), cubic voxels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel import orientations

from drasclr_core.files import atomic
from drasclr_core.imaging.constants import LOWEST
from drasclr_core.imaging.hounsfield import air_hu, check_hounsfield
from drasclr_core.imaging.readers import read_image
from drasclr_core.imaging.refusal import VolumeError, refusal
from drasclr_core.imaging.resampling import resample

__all__ = ["Volume", "VolumeError", "load_mask", "load_volume", "save_mask", "save_volume"]

MOST_LABELS = 32
"""A map of lungs, lobes or segments has no more labels than this above 0; one of the whole body, or a CT, has more."""


@dataclass(frozen=True)
class Volume:
    """A CT volume.

    Attributes
    ----------
    array : float32 [x, y, z]
        HU; x grows towards the subject's right, y towards the front, z towards the head.
    affine : float64 [4, 4]
        From voxel indices to RAS mm.
    source : dict
        The scan as it was stored: ``format``, ``shape`` and ``spacing`` (mm) in RAS order, ``air_hu``, and for DICOM
        ``slice_thickness`` (mm), ``gap_mm`` where a gap was interpolated, ``cut_files`` where files beside the slices
        are empty or cut, and ``note`` on what was left out.
    """

    array: np.ndarray
    affine: np.ndarray
    source: dict = field(default_factory=dict)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size along x, y, z in mm."""
        return tuple(float(size) for size in np.linalg.norm(self.affine[:3, :3], axis=0))


def load_volume(path: str | Path, spacing: float = 1.0) -> Volume:
    """Returns a scan in the project's standard form.

    Parameters
    ----------
    path : path
        NIfTI, NRRD or MetaImage file, a folder with a DICOM series (of several, see
        `dicom.choice.RULE`), or a multi-frame DICOM file.
    spacing : float
        Size of the cubic voxels in mm (the paper uses 1 mm).

    Raises
    ------
    VolumeError
        The file cannot be read, is not CT, or its values are not HU; the message says what to do.
    """
    array, affine, source = read_image(path)
    turn = orientations.io_orientation(affine)
    affine = affine @ orientations.inv_ornt_aff(turn, array.shape)
    array = orientations.apply_orientation(array, turn)
    check_hounsfield(path, array)
    source["air_hu"] = air_hu(array)
    source |= {"shape": list(array.shape), "spacing": np.linalg.norm(affine[:3, :3], axis=0).round(4).tolist()}
    array, affine = resample(np.maximum(array, np.float32(LOWEST)), affine, float(spacing))
    return Volume(array, affine, source)


def save_volume(path: str | Path, volume: Volume) -> None:
    """Writes a volume as int16 HU, ``.nii.gz``."""
    limits = np.iinfo(np.int16)
    array = np.clip(np.rint(volume.array), limits.min, limits.max).astype(np.int16)
    _save_nifti(path, array, volume.affine)


def save_mask(path: str | Path, mask: np.ndarray, affine: np.ndarray) -> None:
    """Writes a mask or label map as uint8 ``.nii.gz``.

    Parameters
    ----------
    mask : uint8 [x, y, z]
    affine : float64 [4, 4]
        From voxel indices to RAS mm.
    """
    _save_nifti(path, np.asarray(mask, dtype=np.uint8), affine)


def load_mask(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Reads a mask or label map: uint8 [x, y, z] in RAS+ order, not resampled, and its affine [4, 4] (RAS mm).

    Parameters
    ----------
    path : path

    Raises
    ------
    VolumeError
        The file cannot be read, or holds an image and no mask.
    """
    array, affine, _ = read_image(path)
    low, high = float(array.min()), float(array.max())
    mask = np.clip(np.nan_to_num(array), 0, 255).astype(np.uint8)
    labels = np.count_nonzero(np.bincount(mask.ravel(), minlength=256)[1:])
    if not low >= 0 or labels > MOST_LABELS or (array != np.rint(array)).any():
        raise refusal(path, f"values from {low:g} to {high:g}: an image, not a mask",
                      "Give a mask: 0 outside, 1 in the right lung, 2 in the left one (or 1 in both)")  # fmt: skip
    order = orientations.io_orientation(affine)
    affine = affine @ orientations.inv_ornt_aff(order, mask.shape)  # the shape as stored, before the turn
    return np.ascontiguousarray(orientations.apply_orientation(mask, order)), affine


def _save_nifti(path: str | Path, array: np.ndarray, affine: np.ndarray) -> None:
    image = nib.Nifti1Image(array, affine)
    image.header.set_xyzt_units("mm")
    with atomic(path) as temporary:
        nib.save(image, temporary)
