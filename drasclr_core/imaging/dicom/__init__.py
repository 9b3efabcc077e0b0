"""Reads DICOM: from a folder (or a multi-frame file) to one stack of slices in HU."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom

from drasclr_core.imaging.affine import LPS_TO_RAS, affine_matrix
from drasclr_core.imaging.dicom.choice import choose_stack
from drasclr_core.imaging.dicom.cut_files import count_cut_files
from drasclr_core.imaging.dicom.headers import is_dicom, is_directory, read_slices
from drasclr_core.imaging.dicom.pixels import read_pixels
from drasclr_core.imaging.dicom.spacing import even_positions, interpolate

__all__ = ["is_dicom", "is_directory", "read_dicom"]


def read_dicom(path: Path) -> tuple[np.ndarray, np.ndarray, dict]:
    """Returns array, affine and source as `read_image` gives them.

    Of several stacks of slices the one that `choice.RULE` names is read, and ``note`` in the source says so. Slices at
    uneven steps are interpolated at their true positions; where a step is a gap, the source tells its size, ``gap_mm``.
    ``cut_files`` in it counts files beside the series that hold too little to be read (see `count_cut_files`).
    """
    with pydicom.config.disable_value_validation(), warnings.catch_warnings():  # warnings quote the header
        warnings.simplefilter("ignore")
        return _read(path)


def _read(path: Path) -> tuple[np.ndarray, np.ndarray, dict]:
    slices = read_slices(path)
    stack, note = choose_stack(path, slices)
    even, gap = even_positions(path, stack.positions)
    first, last = stack.slices[0], stack.slices[-1]
    origin, end = (one.numbers("ImagePositionPatient") for one in (first, last))
    along_row, along_column = first.numbers("ImageOrientationPatient").reshape(2, 3)
    between_rows, between_columns = first.numbers("PixelSpacing")
    # Not the plane's normal: with a tilted gantry the slices are shifted against each other.
    between_slices = (end - origin) / (len(even) - 1)
    linear = np.stack([along_row * between_columns, along_column * between_rows, between_slices], axis=1)
    array = read_pixels(path, stack.slices)
    if even is not stack.positions:
        array = interpolate(array, stack.positions, even)
    thickness = float(first.get("SliceThickness") or np.linalg.norm(between_slices))
    source = {"format": "DICOM", "slice_thickness": thickness}
    source |= {"gap_mm": gap} if gap else {}
    source |= {"cut_files": cut} if (cut := count_cut_files(stack, slices)) else {}
    source |= {"note": note} if note else {}
    return array, LPS_TO_RAS @ affine_matrix(linear, origin), source
