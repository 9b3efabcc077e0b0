"""Reads NIfTI files."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

from drasclr_core.imaging.refusal import VolumeError, check_size, refusal

SUFFIXES = (".nii.gz", ".nii")


def read_nifti(path: Path) -> tuple[np.ndarray, np.ndarray, dict]:
    """Array, affine and source as `read_image` gives them."""
    try:
        image = nib.load(path)
        with nib.openers.ImageOpener(path) as stream:  # nibabel itself replaces voxel sizes of zero by one
            header = image.header_class.from_fileobj(stream, check=False)
        if image.get_data_dtype().names:
            raise refusal(path, "colour image", "Export the CT itself, not a screenshot of it")
        if image.get_data_dtype().kind == "c":
            raise refusal(path, "complex numbers, not HU", "Give the reconstructed CT, not raw data of a scanner")
        check_size(path, image.shape, image.get_data_dtype().itemsize)
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
