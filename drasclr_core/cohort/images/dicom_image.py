"""One DICOM image (a radiograph, one slice) as brightness 0 to 1."""

from __future__ import annotations

import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pydicom
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.uid import UID

from drasclr_core.imaging.dicom.checks import MODALITIES
from drasclr_core.imaging.dicom.headers import read_slices
from drasclr_core.imaging.dicom.pixels import stored_values
from drasclr_core.imaging.refusal import refusal
from drasclr_core.imaging.window import brightness

TAILS = (0.5, 99.5)
"""Per cent of the pixels between black and white in other modalities, whose numbers have no unit."""
PICTURES = ("CR", "DX", "CT", "MR", "MG", "XA", "RF", "OT", "SC", "PX", "DR")
"""Modalities that are one grey image."""


def read_dicom_image(path: Path) -> tuple[np.ndarray, dict]:
    """Returns brightness, float32 [rows, columns] from 0 to 1, and ``format, bits, inverted, modality``.

    CT is shown in `HU_WINDOW`, whatever its photometric interpretation. Everything else is shown through the file's own
    window or table (VOI LUT), stretched between `TAILS`; MONOCHROME1 means that high values are dark, and is inverted.

    Raises
    ------
    VolumeError
        No image in it, several frames, colour, or a damaged file.
    """
    with pydicom.config.disable_value_validation(), warnings.catch_warnings():  # warnings quote the header
        warnings.simplefilter("ignore")
        slices = read_slices(path)
        first = slices[0]
        modality = str(first.get("Modality"))
        shown = modality if modality in (*MODALITIES, *PICTURES) else "unknown"  # elsewhere may stand a name
        if modality not in PICTURES:
            raise refusal(path, f"not a grey image but {shown}", "Give radiographs, or slices of CT or MR")
        if len(slices) > 1 or int(first.get("NumberOfFrames") or 1) > 1:
            frames = max(len(slices), int(first.get("NumberOfFrames") or 1))
            raise refusal(
                path, f"{frames} frames in one file", "Read it as a volume, or save each frame as its own file"
            )
        if first.get("SamplesPerPixel") not in (None, 1):
            raise refusal(path, "a colour picture", "Export the image itself in grey")
        if not first.is_whole or not first.get("Rows"):
            raise refusal(path, "damaged, incomplete or without pixels", "Copy or export it again")
        values, image = _values(path)
        bits, inverted = int(first.get("BitsStored") or 16), first.get("PhotometricInterpretation") == "MONOCHROME1"
        if modality == "CT":
            source = {"format": "DICOM", "bits": bits, "inverted": False, "modality": "CT"}
            return brightness(values.astype(np.float64)), source  # without a slope the values may have no sign
        with suppress(ValueError, NotImplementedError, AttributeError, TypeError):  # a window that makes no sense
            values = np.asarray(apply_voi_lut(values, image), dtype=np.float64)
    array = brightness(values, tuple(np.percentile(values, TAILS)))
    source = {"format": "DICOM", "bits": bits, "inverted": inverted, "modality": modality}
    return (1 - array if inverted else array), source


def _values(path: Path) -> tuple[np.ndarray, pydicom.Dataset]:
    """Values after the file's slope and intercept, or its table, and the header."""
    image = pydicom.dcmread(path, force=True)
    syntax = image.file_meta.get("TransferSyntaxUID") if hasattr(image, "file_meta") else None
    if syntax and UID(syntax).is_compressed:
        return apply_modality_lut(stored_values(image)[0], image), image
    if not syntax:
        image.file_meta = pydicom.dataset.FileMetaDataset()
        image.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    return apply_modality_lut(image.pixel_array, image), image
