"""The pixels of DICOM slices in HU, also of files that ITK does not take as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian, MultiFrameGrayscaleWordSecondaryCaptureImageStorage

from drasclr_core.imaging.dicom.headers import Slice
from drasclr_core.imaging.hounsfield import check_hounsfield, unwrapped
from drasclr_core.imaging.refusal import VolumeError, refusal

COPIED = ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelData")

sitk.ProcessObject.SetGlobalWarningDisplay(False)  # warnings of ITK quote paths; what matters comes as an error


def read_pixels(folder: Path, slices: Sequence[Slice]) -> np.ndarray:
    """Returns the HU of slices of one size, float32 [column, row, slice].

    The HU are the stored values after slope and intercept. MONOCHROME1 tells only how to show them; but where they are
    no CT so and are one when inverted, they were stored inverted.

    Raises
    ------
    VolumeError
        A slice is damaged, or slope and intercept are missing in some of them.
    """
    rescaled = [one.get("RescaleSlope") is not None and one.get("RescaleIntercept") is not None for one in slices]
    if any(rescaled) and not all(rescaled):
        numbers = [str(one.get("InstanceNumber")) for one, there in zip(slices, rescaled, strict=True) if not there]
        problem = f"no rescaling to HU in {len(numbers)} of {len(slices)} slices (number {', '.join(numbers[:3])})"
        raise refusal(folder, problem, "Export the series again, all slices in the same way")
    slope = np.array([float(one.get("RescaleSlope") or 1) for one in slices])
    intercept = np.array([float(one.get("RescaleIntercept") or 0) for one in slices])
    inverted = {one.get("PhotometricInterpretation") == "MONOCHROME1" for one in slices}
    plain = all(one.frame is None and one.has_preamble for one in slices) and inverted == {False}
    try:
        if plain:
            files = [str(one.file) for one in slices]
            array = sitk.GetArrayFromImage(sitk.ReadImage(files, sitk.sitkFloat32)).transpose(2, 1, 0)
        else:
            array = (_stored(slices).transpose(2, 1, 0) * slope + intercept).astype(np.float32)
    except (RuntimeError, ValueError, AttributeError, KeyError) as error:
        raise refusal(folder, "a slice is damaged or incomplete", "Copy or export the series again") from error
    if inverted == {True}:
        signed, bits = slices[0].get("PixelRepresentation"), int(slices[0].get("BitsStored") or 16)
        array = _as_ct(folder, array, slope * (-1 if signed else 2**bits - 1) + 2 * intercept)
    return unwrapped(array, slope)


def _stored(slices: Sequence[Slice]) -> np.ndarray:
    """Stored values [slice, row, column], by way of plain copies of the files' pixels, which ITK decodes."""
    frames = {file: stored_values(pydicom.dcmread(file, force=True)) for file in {one.file for one in slices}}
    return np.stack([frames[one.file][one.frame or 0] for one in slices]).astype(np.float64)


def stored_values(header: Dataset) -> np.ndarray:
    """Returns the stored values of a file, whole numbers [frame, row, column], before slope, intercept and inversion.

    ITK decodes them, whatever their compression, from a plain copy that calls itself MONOCHROME2: ITK inverts
    MONOCHROME1 as it reads.

    Raises
    ------
    KeyError
        One of the tags `COPIED` is missing.
    RuntimeError
        ITK cannot decode the pixels.
    """
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "plain.dcm"
        _write_plain(header, copy)
        return sitk.GetArrayFromImage(sitk.ReadImage(str(copy)))


def _write_plain(header: Dataset, path: Path) -> None:
    plain = Dataset()
    for name in COPIED:
        plain[name] = header[name]
    plain.SOPClassUID = MultiFrameGrayscaleWordSecondaryCaptureImageStorage
    plain.SOPInstanceUID = "1.2.3"
    plain.SamplesPerPixel, plain.PhotometricInterpretation = 1, "MONOCHROME2"
    plain.NumberOfFrames = header.get("NumberOfFrames") or 1
    plain.file_meta = FileMetaDataset()
    plain.file_meta.TransferSyntaxUID = header.file_meta.get("TransferSyntaxUID") or ImplicitVRLittleEndian
    pydicom.dcmwrite(path, plain, enforce_file_format=True)


def _as_ct(folder: Path, array: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """The values, or `sums` [slice] of the lowest and highest possible one less the values, where only these are CT."""
    for values in (array, (sums - array).astype(np.float32)):
        try:
            check_hounsfield(folder, values)
            return values
        except VolumeError:
            continue
    raise refusal(folder, "grey values for display (MONOCHROME1), neither as stored nor inverted a chest CT in HU",
                  "Export the CT in Hounsfield units, as MONOCHROME2")  # fmt: skip
