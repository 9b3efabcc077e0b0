"""Finds the DICOM slices in a folder and reads what their headers say about geometry and acquisition."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.filereader import read_file_meta_info
from pydicom.uid import MediaStorageDirectoryStorage

from drasclr_core.folders import walk
from drasclr_core.imaging.pointers import FETCH, is_pointer
from drasclr_core.imaging.refusal import refusal

TAGS = [
    "SOPClassUID", "Modality", "ImageType", "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber",
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "Rows", "Columns",
    "SamplesPerPixel", "PhotometricInterpretation", "BitsStored", "PixelRepresentation", "RescaleSlope",
    "RescaleIntercept", "ConvolutionKernel", "KVP", "AcquisitionNumber", "TemporalPositionIdentifier",
    "TemporalPositionIndex", "TriggerTime", "NominalPercentageOfCardiacPhase", "AcquisitionDateTime",
    "AcquisitionTime", "ContentTime", "InstanceNumber", "NumberOfFrames", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence", "DirectoryRecordSequence",
]  # fmt: skip
"""What is read of a header; names, dates of persons and descriptions are not."""
NUMBERS = {"PixelSpacing": 2, "ImagePositionPatient": 3, "ImageOrientationPatient": 6}
DEEPEST = 6
"""Levels of folders below the given one in which slices are looked for."""
FIRST_GROUPS = (b"\x02\x00", b"\x08\x00")
"""A file without preamble starts with an element of one of these groups."""


@dataclass(frozen=True, eq=False)
class Slice:
    """One slice.

    Attributes
    ----------
    file : Path
    header : Dataset
        The tags of `TAGS`; those of a multi-frame file's functional groups are lifted to the top.
    frame : int or None
        Its index in a multi-frame file.
    has_preamble : bool
        False for a file that starts with its first element.
    is_whole : bool
        The elements end where the file ends. Where they do not, the file is cut or a length in it is damaged, and the
        reader of pixels may ask for gigabytes.
    """

    file: Path
    header: Dataset
    frame: int | None = None
    has_preamble: bool = True
    is_whole: bool = True

    def get(self, *tags: str) -> object:
        """Returns the first of these tags that has a value, or None."""
        return next((value for tag in tags if (value := self.header.get(tag)) not in (None, "")), None)

    def numbers(self, tag: str) -> np.ndarray:
        """Returns the numbers of a geometric tag, float64 [n]; NaN where they are missing or damaged."""
        missing = np.full(NUMBERS[tag], np.nan)
        try:
            values = np.array(self.header.get(tag), dtype=float)
        except (TypeError, ValueError):
            return missing
        return values if values.shape == missing.shape and np.isfinite(values).all() else missing


def is_dicom(path: str | Path) -> bool:
    """Returns whether a file starts like DICOM, with or without a preamble."""
    try:
        with Path(path).open("rb") as stream:
            return starts_like_dicom(stream.read(132))
    except OSError:
        return False


def is_directory(path: str | Path) -> bool:
    """Returns whether a DICOM file is the directory of a disk (DICOMDIR, whatever its name), which holds no slice."""
    try:
        kind = read_file_meta_info(path).get("MediaStorageSOPClassUID")
    except (pydicom.errors.InvalidDicomError, OSError, EOFError):
        return False
    return kind == MediaStorageDirectoryStorage


def read_slices(path: Path) -> list[Slice]:
    """Returns the slices of a file or folder; where the folder itself has none, those of the folders below it.

    Raises
    ------
    VolumeError
        There is no DICOM slice, or a file may not be read.
    """
    for files in [[path]] if path.is_file() else (walk(path, 0), walk(path, DEEPEST)):
        slices = [one for file in files for one in _read(path, file)]
        if slices:
            return slices
    problem = "no slices in this DICOM file" if path.is_file() else "no DICOM slices in the folder"
    raise refusal(path, problem, "Give the folder that holds the series' files")


def _read(path: Path, file: Path) -> list[Slice]:
    try:
        if (file.is_symlink() and not file.exists()) or is_pointer(file):
            raise refusal(path, "one of its files has not been fetched", FETCH)
        if not file.is_file():
            return []
        with file.open("rb") as stream:
            start = stream.read(132)
            if not starts_like_dicom(start):
                return []  # a DICOMDIR's neighbours: licence, thumbnails, checksums
            stream.seek(0)
            header = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=TAGS, force=True)
            is_whole = _is_whole(stream)
    except PermissionError as error:
        raise refusal(path, "no permission to read one of its files", "Change their permissions, or ask their owner to"
                      ) from error  # fmt: skip
    except (pydicom.errors.InvalidDicomError, OSError, EOFError):
        return []
    if "DirectoryRecordSequence" in header or not {"SOPClassUID", "Modality", "Rows"} & {*header.dir()}:
        return []
    has_preamble = start[128:] == b"DICM"
    groups = header.get("PerFrameFunctionalGroupsSequence")
    if not groups:
        return [Slice(file, header, None, has_preamble, is_whole)]
    shared = header.get("SharedFunctionalGroupsSequence") or []
    del header.PerFrameFunctionalGroupsSequence
    return [
        Slice(file, _flat(header, *shared, group), index, has_preamble, is_whole) for index, group in enumerate(groups)
    ]


def _flat(header: Dataset, *groups: Dataset) -> Dataset:
    """The header of one frame: of each functional group the first item is lifted to the top."""
    flat = Dataset()
    flat.update(header)
    for group in groups:
        for element in group:
            if element.VR == "SQ" and element.value:
                flat.update(element.value[0])
    for ours, theirs in (("AcquisitionNumber", "FrameAcquisitionNumber"), ("ImageType", "FrameType"),
                         ("AcquisitionDateTime", "FrameAcquisitionDateTime")):  # fmt: skip
        if theirs in flat:
            setattr(flat, ours, flat.get(theirs))
    return flat


def starts_like_dicom(start: bytes) -> bool:
    """Returns whether the first 132 bytes of a file are those of DICOM, with or without a preamble."""
    if start[128:] == b"DICM":
        return True
    named = start[4:6].isalpha() and start[4:6].isupper()  # explicit value representation, or else a short length
    return start[:2] in FIRST_GROUPS and len(start) == 132 and (named or int.from_bytes(start[4:8], "little") < 256)


def _is_whole(stream: BinaryIO) -> bool:
    stream.seek(0)
    try:
        pydicom.dcmread(stream, specific_tags=["Modality"], force=True)
    except Exception:  # what a damaged file makes the library raise
        return False
    return stream.tell() <= os.fstat(stream.fileno()).st_size
