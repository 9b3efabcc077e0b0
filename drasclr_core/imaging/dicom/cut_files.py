"""Files beside a series that are empty or end within their header: slices that nothing else in the folder misses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pydicom

from drasclr_core.imaging.dicom.headers import Slice, is_directory, starts_like_dicom
from drasclr_core.imaging.dicom.stacks import Stack

MARK = b"DICM"
PREAMBLE = 128
"""Bytes before the mark; they are zeros nearly everywhere."""
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def count_cut_files(chosen: Stack, slices: Sequence[Slice]) -> int:
    """Returns how many files beside those of a stack could be slices of it and hold too little to be read as one.

    Such a file is in a folder of the stack's files, has an ending of theirs, and is empty, or all zeros up to where the
    first mark would be, or DICOM that stops before its place in space and its pixels. One that still tells another
    series, or that it is no CT, is not counted. `slices` are all that were found (see `read_slices`).
    """
    placed = {one.file for one in slices if one.get("ImagePositionPatient") and one.get("ImageOrientationPatient")}
    endings = {one.file.suffix.lower() for one in chosen.slices}
    series = {one.get("SeriesInstanceUID") for one in chosen.slices}
    folders = {one.file.parent for one in chosen.slices}
    beside = {file for folder in folders for file in folder.iterdir() if file.suffix.lower() in endings} - placed
    return sum(_is_cut(file, series) for file in beside if file.is_file())


def _is_cut(file: Path, series: set) -> bool:
    with file.open("rb") as stream:
        start = stream.read(PREAMBLE + len(MARK))
        if not any(start[:PREAMBLE]) and MARK.startswith(start[PREAMBLE:]) and start[PREAMBLE:] != MARK:
            return True
        if not starts_like_dicom(start) or is_directory(file):
            return False
        stream.seek(0)
        try:
            header = pydicom.dcmread(stream, defer_size=PREAMBLE, force=True)
        except Exception:  # what a damaged file makes the library raise
            return True
    kind, of = (str(header.get(tag) or "") for tag in ("Modality", "SeriesInstanceUID"))  # the last one may be cut too
    is_ours = "CT".startswith(kind) and any(str(one or "").startswith(of) for one in series)
    return is_ours and not any(name in header for name in PIXELS)
