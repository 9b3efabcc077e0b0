"""Reads NRRD and MetaImage files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from drasclr_core.imaging.affine import LPS_TO_RAS
from drasclr_core.imaging.refusal import check_size, refusal

SUFFIXES = (".nrrd", ".nhdr", ".mha", ".mhd")
REMEDY = "Copy or export it again; .mhd and .nhdr files need their data file beside them"
AGAIN = "Save it again from 3D Slicer, or convert it again from DICOM"
NRRD_SPACE = re.compile(r"(?i)(left|right)-(anterior|posterior)-superior(-time)?|[LR][AP]ST?")
SIZES = {"meta": rb"^Element(Spacing|Size) *=", "nrrd": rb"^(space directions|spacings) *:"}
"""What a header must say of the size of voxels, for which ITK else takes 1 mm."""
META_DIRECTIONS = rb"^(TransformMatrix|Orientation|Rotation) *="
"""What ITK else takes for left, posterior and superior, whatever AnatomicalOrientation says."""
POSSIBLE_AXES = (b"2", b"3", b"4", b"5")
LONGEST_HEADER = 2**20
"""Bytes; a header of text is a few hundred."""


def read_itk(path: Path) -> tuple[np.ndarray, np.ndarray, dict]:
    """Returns array, affine and source as `read_image` gives them."""
    _check_header(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        if reader.GetNumberOfComponents() != 1:
            raise refusal(path, "colour or vector image", "Export the CT itself, not a picture of it")
        check_size(path, reader.GetSize(), int(path.suffix.lower() in (".nrrd", ".mha")))
        if path.suffix.lower() in (".nrrd", ".nhdr"):
            space = reader.GetMetaData("NRRD_space") if reader.HasMetaDataKey("NRRD_space") else ""
            if not NRRD_SPACE.fullmatch(space):
                told = f"the space {space!r} has no left and right" if space else "no space in the header"
                raise refusal(path, f"orientation missing ({told}), left and right may be swapped", AGAIN)
        image = reader.Execute()
    except RuntimeError as error:
        raise refusal(path, "damaged or incomplete file", REMEDY) from error
    array = sitk.GetArrayFromImage(image).T.astype(np.float32)
    if array.ndim < 3 or array.size != np.prod(array.shape[:3]):
        raise refusal(path, f"not one 3-D frame, but an array of shape {array.shape}", "Save one frame as its own file")
    dimension = image.GetDimension()
    direction = np.array(image.GetDirection()).reshape(dimension, dimension)[:3, :3]
    affine = np.eye(4)
    affine[:3, :3] = direction * np.array(image.GetSpacing()[:3])
    affine[:3, 3] = image.GetOrigin()[:3]
    return array.reshape(array.shape[:3]), LPS_TO_RAS @ affine, {"format": path.suffix.lstrip(".").upper()}


def _check_header(path: Path) -> None:
    """Refuse what ITK would guess, and two kinds of damage on which it crashes the process."""
    with path.open("rb") as stream:
        start = stream.read(LONGEST_HEADER)
    cut = b"\n\n" not in start and b"\n\r\n" not in start  # an empty line ends the header of a NRRD file with data
    axes = re.search(rb"^NDims *= *(\S*)", start, re.MULTILINE)  # of MetaImage
    if (path.suffix.lower() == ".nrrd" and cut) or (axes and axes[1] not in POSSIBLE_AXES):
        raise refusal(path, "damaged or incomplete file", REMEDY)
    kind = "meta" if axes else "nrrd" if start.startswith(b"NRRD") else ""
    if kind and not re.search(SIZES[kind], start, re.MULTILINE | re.IGNORECASE):
        raise refusal(path, "voxel sizes missing in the header", AGAIN)
    if kind == "meta" and not re.search(META_DIRECTIONS, start, re.MULTILINE):
        raise refusal(
            path, "orientation missing in the header (no TransformMatrix), left and right may be swapped", AGAIN
        )
