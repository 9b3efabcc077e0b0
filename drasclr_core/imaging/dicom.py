"""Reads folders of DICOM slices."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pydicom
import SimpleITK as sitk

from drasclr_core.imaging.affine import LPS_TO_RAS
from drasclr_core.imaging.refusal import refusal

GAP = 1.5
"""A step between slices longer than this many usual steps means that slices are missing."""
MAX_GAP_MM = 10.0
"""The largest gap that is interpolated; a nodule may hide in a larger one."""
MODALITIES = ("CR", "DX", "MG", "MR", "NM", "OT", "PR", "PT", "REG", "RTDOSE", "RTPLAN", "RTSTRUCT", "SC", "SEG", "SR",
              "US", "XA")  # fmt: skip
"""Codes that a message may show."""

sitk.ProcessObject.SetGlobalWarningDisplay(False)  # warnings of ITK quote paths; what matters comes as an error


def read_dicom(folder: Path) -> tuple[np.ndarray, np.ndarray, dict]:
    """Array, affine and source as `read_image` gives them.

    Of several series in the folder the CT series with the most slices is read, and of several slices at one position
    one. Missing slices are interpolated where the gap is small; the source then tells its size, ``gap_mm``.
    """
    with pydicom.config.disable_value_validation():  # its warnings quote the header
        return _read_series(folder)


def _read_series(folder: Path) -> tuple[np.ndarray, np.ndarray, dict]:
    slices, positions = _one_series(folder, _headers(folder))
    first, last = slices[0], slices[-1]
    _check_alike(folder, slices)
    try:
        stored = sitk.ReadImage([str(item.filename) for item in slices], sitk.sitkFloat32)
    except RuntimeError as error:
        raise refusal(folder, "a slice is damaged or incomplete", "Copy or export the series again") from error

    origin, end = (_numbers(folder, item, "ImagePositionPatient") for item in (first, last))
    along_row, along_column = _numbers(folder, first, "ImageOrientationPatient").reshape(2, 3)
    between_rows, between_columns = _numbers(folder, first, "PixelSpacing")
    affine = np.eye(4)
    affine[:3, 0] = along_row * between_columns
    affine[:3, 1] = along_column * between_rows
    # Not the plane's normal: with a tilted gantry the slices are shifted against each other.
    regular, largest = _regular(folder, positions)
    affine[:3, 2] = (end - origin) / (len(regular) - 1)
    affine[:3, 3] = origin
    thickness = float(first.get("SliceThickness") or np.linalg.norm(affine[:3, 2]))
    array = sitk.GetArrayFromImage(stored).transpose(2, 1, 0)
    source = {"format": "DICOM", "slice_thickness": thickness}
    if len(regular) > len(positions):
        array, source["gap_mm"] = _interpolate(array, positions, regular), largest
    return array, LPS_TO_RAS @ affine, source


def _headers(folder: Path) -> list[pydicom.Dataset]:
    """Headers of the DICOM slices in the folder (no pixels, only the tags that are needed here)."""
    tags = ["Modality", "SeriesInstanceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"]
    tags += ["SliceThickness", "Rows", "Columns", "SamplesPerPixel", "ImageType"]
    headers = []
    for file in sorted(folder.iterdir()):
        if file.is_file() and not file.name.startswith("."):
            try:
                with file.open("rb") as stream:
                    header = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=tags)
                    header.filename, header.is_whole = str(file), _is_whole(stream)
                headers.append(header)
            except PermissionError as error:
                problem = "no permission to read one of its files"
                raise refusal(folder, problem, "Change their permissions, or ask their owner to") from error
            except (pydicom.errors.InvalidDicomError, OSError, EOFError):
                continue  # a DICOMDIR's neighbours: licence, thumbnails, checksums
    if not headers:
        raise refusal(folder, "no DICOM slices in the folder", "Give the folder that holds the series' files")
    return headers


def _is_whole(stream: BinaryIO) -> bool:
    """Whether the elements of a DICOM file end where the file ends.

    Where they do not, the file is cut or a length in it is damaged, and the reader of pixels may ask for gigabytes.
    """
    stream.seek(0)
    try:
        pydicom.dcmread(stream, specific_tags=["Modality"])
    except Exception:  # what a damaged file makes the library raise
        return False
    return stream.tell() <= os.fstat(stream.fileno()).st_size


def _one_series(folder: Path, headers: list[pydicom.Dataset]) -> tuple[list[pydicom.Dataset], np.ndarray]:
    """The CT series with the most slices, each position once, and the positions (mm) in ascending order."""
    ct = [item for item in headers if item.get("Modality") == "CT"]
    if not ct:
        # What stands in the place of a modality and is none may be a name.
        found = {str(item.get("Modality", "")) for item in headers}
        kinds = ", ".join(sorted({kind if kind in MODALITIES else "unknown" for kind in found}))
        raise refusal(folder, f"not CT but {kinds}", "Give the folder of a CT series")
    ct = [item for item in ct if "LOCALIZER" not in (item.get("ImageType") or ())]
    if not ct:
        raise refusal(folder, "only a localiser (scout view)", "Give the folder of the axial series")
    placed = [item for item in ct if item.get("ImagePositionPatient") and item.get("ImageOrientationPatient")]
    series: dict[str, list[pydicom.Dataset]] = {}
    for item in placed:
        series.setdefault(str(item.get("SeriesInstanceUID")), []).append(item)
    chosen = max(series.values(), key=len, default=[])
    if len(chosen) < 2:
        raise refusal(folder, "fewer than two CT slices with a position", "Export the whole axial series")

    normal = np.cross(*_numbers(folder, chosen[0], "ImageOrientationPatient").reshape(2, 3))
    if not normal.any():
        raise refusal(folder, "ImageOrientationPatient has parallel axes", "Export the series again")
    by_position = {round(float(normal @ _numbers(folder, item, "ImagePositionPatient")), 2): item for item in chosen}
    if len(by_position) < 2:
        raise refusal(folder, "all slices are at one position", "Export the whole axial series")
    positions = np.array(sorted(by_position))
    return [by_position[position] for position in positions], positions


def _check_alike(folder: Path, slices: list[pydicom.Dataset]) -> None:
    """Slices of one volume have one size, one pixel size and one direction, and one grey value for each pixel."""
    if not all(item.is_whole for item in slices):
        raise refusal(folder, "a slice is damaged or incomplete", "Copy or export the series again")
    for tag in ("Rows", "Columns"):
        if not all(item.get(tag) for item in slices):
            raise refusal(folder, f"{tag} is missing in a slice", "Export the series again")
    sizes = {(item.Rows, item.Columns) for item in slices}
    if len(sizes) > 1:
        raise refusal(folder, f"slices of different sizes: {sorted(sizes)}", "Export one reconstruction only")
    for tag, what in (("PixelSpacing", "pixel sizes"), ("ImageOrientationPatient", "directions")):
        values = np.stack([_numbers(folder, item, tag) for item in slices])
        if np.ptp(values, axis=0).max() > 1e-3:
            raise refusal(folder, f"slices of different {what} in one series", "Export one reconstruction only")
    if any(item.get("SamplesPerPixel", 1) != 1 for item in slices):
        raise refusal(folder, "colour pictures", "Export the CT itself, not a picture of it")


def _numbers(folder: Path, item: pydicom.Dataset, tag: str) -> np.ndarray:
    """The numbers of a geometric tag, float64 [n]."""
    count = {"PixelSpacing": 2, "ImagePositionPatient": 3, "ImageOrientationPatient": 6}[tag]
    try:
        values = np.array(item.get(tag), dtype=float)
    except (TypeError, ValueError):
        values = np.array(np.nan)
    if values.shape != (count,) or not np.isfinite(values).all():
        raise refusal(folder, f"{tag} is missing or damaged in a slice", "Export the series again")
    return values


def _regular(folder: Path, positions: np.ndarray) -> tuple[np.ndarray, float]:
    """Evenly spaced positions for slices at these (mm), and the largest step between two slices."""
    steps = np.diff(positions)
    usual, largest = float(np.median(steps)), float(steps.max())
    if largest <= GAP * usual:
        return positions, largest
    missing = int(np.round(steps / usual - 1).sum())
    if largest > MAX_GAP_MM:
        raise refusal(folder, f"about {missing} slices are missing inside the series (a gap of {largest:.0f} mm)",
                      "Export the whole series again")  # fmt: skip
    return np.linspace(positions[0], positions[-1], round((positions[-1] - positions[0]) / usual) + 1), largest


def _interpolate(array: np.ndarray, positions: np.ndarray, regular: np.ndarray) -> np.ndarray:
    """Slices at regular positions, each a mixture of the two stored ones beside it."""
    above = np.clip(np.searchsorted(positions, regular), 1, len(positions) - 1)
    share = ((regular - positions[above - 1]) / (positions[above] - positions[above - 1])).astype(np.float32)
    return array[:, :, above - 1] * (1 - share) + array[:, :, above] * share
