"""Reads NIfTI files."""

from __future__ import annotations

import gzip
from contextlib import nullcontext
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from drasclr_core.imaging.hounsfield import unwrapped
from drasclr_core.imaging.refusal import VolumeError, check_size, refusal

SUFFIXES = (".nii.gz", ".nii")
GZIP = b"\x1f\x8b"
SIZES_AGREE = 0.02
"""Voxel sizes of sform and pixdim agree within this part of them."""
AXES_AGREE = 0.5
"""Cosine of the angle between an axis by sform and by qform; less is another axis, or the other direction."""


def read_nifti(path: Path) -> tuple[np.ndarray, np.ndarray, dict]:
    """Returns array, affine and source as `read_image` gives them; compressed or not is told by the content."""
    with path.open("rb") as file:
        compressed = file.read(2) == GZIP
    named_so = path.name.lower().endswith(".gz") == compressed
    try:
        with nullcontext() if named_so else (gzip.open if compressed else open)(path, "rb") as stream:
            image = nib.load(path) if named_so else _from_stream(stream)
            header = _stored_header(path, compressed, image.header_class)
            if image.get_data_dtype().names:
                raise refusal(path, "colour image", "Export the CT itself, not a screenshot of it")
            if image.get_data_dtype().kind == "c":
                raise refusal(path, "complex numbers, not HU", "Give the reconstructed CT, not raw data of a scanner")
            check_size(path, image.shape, image.get_data_dtype().itemsize)
            array = np.asarray(image.dataobj, dtype=np.float32)
    except VolumeError:
        raise
    except (OSError, EOFError, ImageFileError, HeaderDataError, WrapStructError, ValueError, ArithmeticError) as error:
        raise refusal(path, "damaged or incomplete NIfTI file", "Copy or convert it again") from error
    _check_header(path, header)
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 3:
        raise refusal(path, f"not one 3-D frame, but an array of shape {array.shape}", "Save one frame as its own file")
    array = unwrapped(array, image.dataobj.slope)
    return array, np.asarray(image.affine, dtype=np.float64), {"format": "NIfTI"}


def _from_stream(stream) -> nib.Nifti1Image:
    start = stream.read(4)
    stream.seek(0)
    kind = nib.Nifti2Image if start in ((540).to_bytes(4, "little"), (540).to_bytes(4, "big")) else nib.Nifti1Image
    return kind.from_stream(stream)


def _stored_header(path: Path, compressed: bool, kind: type[nib.Nifti1Header]) -> nib.Nifti1Header:
    """The header as it is in the file; nibabel itself replaces voxel sizes of zero by one."""
    with (gzip.open if compressed else open)(path, "rb") as stream:
        return kind.from_fileobj(stream, check=False)


def _check_header(path: Path, header: nib.Nifti1Header) -> None:
    """Refuses a header that says nothing, or two things, about where the voxels lie."""
    sizes = np.abs(header["pixdim"][1:4].astype(float))
    if not sizes.min() > 0:
        raise refusal(path, "voxel size of zero in the header", "Convert it again from DICOM (dcm2niix)")
    if not (header["sform_code"] or header["qform_code"]):
        raise refusal(
            path,
            "orientation missing (sform and qform codes are 0), left and right may be swapped",
            "Convert it again from DICOM, or set the orientation in the header",
        )
    if not header["sform_code"]:
        return
    sform = header.get_sform()[:3, :3]
    by_sform = np.linalg.norm(sform, axis=0)
    if not (np.isfinite(by_sform).all() and by_sform.min() > 0):
        return  # refused as any affine without usable axes is
    if np.abs(by_sform / sizes - 1).max() > SIZES_AGREE:
        readings = (" x ".join(f"{size:.3g}" for size in three) for three in (by_sform, sizes))
        raise refusal(path, "voxels of {} mm by sform, but of {} mm by pixdim".format(*readings),
                      "Convert it again from DICOM, or correct the header")  # fmt: skip
    if header["qform_code"]:
        if header["pixdim"][0] not in (-1, 1):  # the standard takes 0 for 1
            header["pixdim"][0] = 1
        cosines = (sform / by_sform * header.get_qform()[:3, :3] / sizes).sum(axis=0)
        if not cosines.min() > AXES_AGREE:
            raise refusal(path, "sform and qform name different directions, left and right may be swapped",
                          "Convert it again from DICOM, or correct the header")  # fmt: skip
