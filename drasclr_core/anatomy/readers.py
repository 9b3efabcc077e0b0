"""From a file to numbers: NIfTI files and DICOM series as an array and an affine, or a refusal with a remedy."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import SimpleITK as sitk
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

NIFTI_SUFFIXES = (".nii", ".nii.gz")
PLAUSIBLE_SPACING = (0.1, 20.0)
"""Voxel sizes of chest CT, mm; a size outside means a broken header or metres instead of millimetres."""
GAP = 1.5
"""A step between slices longer than this many usual steps means that slices are missing."""
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""DICOM counts x and y towards the patient's left and back, NIfTI (and this project) towards right and front."""


class VolumeError(ValueError):
    """An image that cannot be used; the message names the file, the problem and the remedy."""


def refusal(path: str | Path, problem: str, remedy: str) -> VolumeError:
    """The error for an image; it holds the file's name only, because a path can tell who the patient is."""
    return VolumeError(f"{Path(path).name}: {problem}. {remedy}.")


def is_nifti(path: str | Path) -> bool:
    return Path(path).name.lower().endswith(NIFTI_SUFFIXES)


def read_image(path: str | Path) -> tuple[np.ndarray, np.ndarray, dict]:
    """Read one scan as it is stored.

    Parameters
    ----------
    path : path
        A NIfTI file or a folder with a DICOM series.

    Returns
    -------
    array : float32 [i, j, k]
        Values after the file's own slope and intercept.
    affine : float64 [4, 4]
        From voxel indices to RAS mm.
    source : dict
        ``format`` and, for DICOM, ``slice_thickness`` (mm); nothing that names a person or a study.

    Raises
    ------
    VolumeError
        No such file, unknown format, damaged, not CT, not one 3-D frame, or a header without usable geometry.
    """
    path = Path(path)
    if not path.exists():
        raise refusal(path, "no such file or folder", "Correct the image column of the subject table")
    if path.is_dir():
        array, affine, source = _read_dicom(path)
    elif is_nifti(path):
        array, affine, source = _read_nifti(path)
    else:
        raise refusal(path, "unknown format", "Give a NIfTI file (.nii, .nii.gz) or a folder with one DICOM series")
    _check_geometry(path, array.shape, affine)
    return array, affine, source


def _read_nifti(path: Path) -> tuple[np.ndarray, np.ndarray, dict]:
    try:
        image = nib.load(path)
        with nib.openers.ImageOpener(path) as stream:  # nibabel itself replaces voxel sizes of zero by one
            header = image.header_class.from_fileobj(stream, check=False)
        if image.get_data_dtype().names:
            raise refusal(path, "colour image", "Export the CT itself, not a screenshot of it")
        array = np.asarray(image.dataobj, dtype=np.float32)
    except (OSError, EOFError, ImageFileError, HeaderDataError, ValueError, ArithmeticError) as error:
        if isinstance(error, VolumeError):
            raise
        raise refusal(path, "damaged or incomplete NIfTI file", "Copy or convert it again") from error
    if not np.abs(header["pixdim"][1:4]).min() > 0:
        raise refusal(path, "voxel size of zero in the header", "Convert it again from DICOM (dcm2niix)")
    if not (header["sform_code"] or header["qform_code"]):
        raise refusal(
            path,
            "orientation missing (sform and qform codes are 0), left and right may be swapped",
            "Convert it again from DICOM, or set the orientation in the header",
        )
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 3:
        raise refusal(path, f"not one 3-D frame, but an array of shape {array.shape}", "Save one frame as its own file")
    return array, np.asarray(image.affine, dtype=np.float64), {"format": "NIfTI"}


def _read_dicom(folder: Path) -> tuple[np.ndarray, np.ndarray, dict]:
    slices = _one_series(folder, _headers(folder))
    first, last = slices[0], slices[-1]
    sizes = {(item.Rows, item.Columns) for item in slices}
    if len(sizes) > 1:
        raise refusal(folder, f"slices of different sizes: {sorted(sizes)}", "Export one reconstruction only")
    try:
        stored = sitk.ReadImage([str(item.filename) for item in slices], sitk.sitkFloat32)
    except RuntimeError as error:
        raise refusal(folder, "a slice is damaged or incomplete", "Copy or export the series again") from error

    origin, end = (np.array(item.ImagePositionPatient, dtype=float) for item in (first, last))
    along_row, along_column = np.array(first.ImageOrientationPatient, dtype=float).reshape(2, 3)
    between_rows, between_columns = (float(value) for value in first.PixelSpacing)
    affine = np.eye(4)
    affine[:3, 0] = along_row * between_columns
    affine[:3, 1] = along_column * between_rows
    # Not the plane's normal: with a tilted gantry the slices are shifted against each other.
    affine[:3, 2] = (end - origin) / (len(slices) - 1)
    affine[:3, 3] = origin
    thickness = float(first.get("SliceThickness") or np.linalg.norm(affine[:3, 2]))
    array = sitk.GetArrayFromImage(stored).transpose(2, 1, 0)
    return array, LPS_TO_RAS @ affine, {"format": "DICOM", "slice_thickness": thickness}


def _headers(folder: Path) -> list[pydicom.Dataset]:
    """Headers of the DICOM slices in the folder (no pixels, only the tags that are needed here)."""
    tags = ["Modality", "SeriesInstanceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"]
    tags += ["SliceThickness", "Rows", "Columns"]
    headers = []
    for file in sorted(folder.iterdir()):
        if file.is_file() and not file.name.startswith("."):
            try:
                headers.append(pydicom.dcmread(file, stop_before_pixels=True, specific_tags=tags))
            except (pydicom.errors.InvalidDicomError, OSError, EOFError):
                continue  # a DICOMDIR's neighbours: licence, thumbnails, checksums
    if not headers:
        raise refusal(folder, "no DICOM slices in the folder", "Give the folder that holds the series' files")
    return headers


def _one_series(folder: Path, headers: list[pydicom.Dataset]) -> list[pydicom.Dataset]:
    """The CT series with the most slices, each position once, ordered along the slice axis."""
    ct = [item for item in headers if item.get("Modality") == "CT"]
    if not ct:
        kinds = ", ".join(sorted({str(item.get("Modality", "unknown")) for item in headers}))
        raise refusal(folder, f"not CT but {kinds}", "Give the folder of a CT series")
    placed = [item for item in ct if "ImagePositionPatient" in item and "ImageOrientationPatient" in item]
    series: dict[str, list[pydicom.Dataset]] = {}
    for item in placed:
        series.setdefault(str(item.get("SeriesInstanceUID")), []).append(item)
    chosen = max(series.values(), key=len, default=[])
    if len(chosen) < 2:
        raise refusal(folder, "fewer than two CT slices with a position", "Export the whole axial series")

    normal = np.cross(*np.array(chosen[0].ImageOrientationPatient, dtype=float).reshape(2, 3))
    by_position = {round(float(normal @ np.array(item.ImagePositionPatient, dtype=float)), 2): item for item in chosen}
    positions = np.array(sorted(by_position))
    steps = np.diff(positions)
    if steps.size and steps.max() > GAP * np.median(steps):
        missing = int(np.round(steps / np.median(steps) - 1).sum())
        raise refusal(folder, f"about {missing} slices are missing inside the series", "Export the whole series again")
    if not steps.size:
        raise refusal(folder, "all slices are at one position", "Export the whole axial series")
    return [by_position[position] for position in positions]


def _check_geometry(path: Path, shape: tuple[int, ...], affine: np.ndarray) -> None:
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    low, high = PLAUSIBLE_SPACING
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9 * max(spacing.prod(), 1e-9):
        raise refusal(path, "the header's axes are not usable (zero, infinite or parallel)", "Convert it again")
    if spacing.min() < low or spacing.max() > high:
        sizes = " x ".join(f"{size:.3g}" for size in spacing)
        raise refusal(path, f"voxels of {sizes} mm, expected {low} to {high} mm", "Correct the header (unit: mm)")
    if min(shape) < 2:
        raise refusal(path, f"a single slice (shape {tuple(shape)})", "Give the whole volume")
