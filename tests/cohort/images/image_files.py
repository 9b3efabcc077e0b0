"""Small 2D images and label maps, and the files that hold them."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

AFFINE = np.diag([1.5, 1.5, 2.0, 1.0])


def gradient(rows: int = 40, columns: int = 30) -> np.ndarray:
    """Brightness that grows to the right and downwards, from 0 to 1."""
    return np.add.outer(np.linspace(0, 0.5, rows), np.linspace(0, 0.5, columns))


def write_png(path: Path, image: np.ndarray, bits: int = 8) -> Path:
    """A grey picture with values up to 2^bits - 1, stored in 8 or 16 bits."""
    values = np.rint(image * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path


def write_radiograph(path: Path, image: np.ndarray, **tags) -> Path:
    """A radiograph of 12 bits; a tag whose value is None is deleted."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = (
        DigitalXRayImageStorageForPresentation,
        ExplicitVRLittleEndian,
    )
    meta.MediaStorageSOPInstanceUID = generate_uid()
    file = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID, file.Modality = DigitalXRayImageStorageForPresentation, generate_uid(), "DX"
    file.PatientName, file.PatientID = "Secret^Name", "SECRET1"
    file.Rows, file.Columns = image.shape
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 16, 12, 11, 0
    file.PixelData = np.rint(image * 4095).astype(np.uint16).tobytes()
    for tag, value in tags.items():
        if value is None:
            delattr(file, tag)
        else:
            setattr(file, tag, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, file, enforce_file_format=True)
    return path


def write_nifti(path: Path, array: np.ndarray, affine: np.ndarray = AFFINE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


def labels(values: tuple[int, ...], shape: tuple[int, int, int] = (9, 8, 7)) -> np.ndarray:
    """A label map in which each of the values, and 0, has a share of the voxels."""
    every = np.resize(np.array([0, *values]), np.prod(shape))
    return every.reshape(shape).astype(np.int16)


def ct(shape: tuple[int, int, int] = (9, 8, 7)) -> np.ndarray:
    return np.linspace(-1000, 400, np.prod(shape)).reshape(shape).astype(np.int16)


def mr(shape: tuple[int, int, int] = (9, 8, 7)) -> np.ndarray:
    return np.linspace(0, 900, np.prod(shape)).reshape(shape).astype(np.int16)
