"""DICOM series as people have them: several acquisitions in one folder, multi-frame files, files without preamble."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

from .scan_files import chest, write_series

LPS = np.diag([2.0, 2, 2, 1])


def write_at(
    folder: Path,
    positions: Sequence[float],
    array: np.ndarray | None = None,
    edit: Callable | None = None,
    series: str = "1.2.3",
    prefix: str = "",
    **tags,
) -> Path:
    """Writes slices [i, j, k] (a chest without `array`) of one series at these positions, mm; more may be added."""
    array = chest((20, 24, len(positions))) if array is None else array
    part = folder.with_name(f"{folder.name}_{prefix}part")

    def place(item, k):
        item.ImagePositionPatient = [0, 0, float(positions[k])]
        if edit:
            edit(item, k)

    write_series(part, array, LPS, edit=place, **{"SeriesInstanceUID": series, "StudyInstanceUID": "1.2"} | tags)
    folder.mkdir(exist_ok=True)
    for file in sorted(part.iterdir()):
        file.rename(folder / f"{prefix}{file.name}")
    part.rmdir()
    return folder


def ramp(positions: Sequence[float], start: float = -1000.0, slope: float = 10.0) -> np.ndarray:
    """A chest whose lowest row tells each slice's position: start + slope x mm, HU."""
    array = chest((20, 24, len(positions)))
    array[0] = start + slope * np.asarray(positions)
    return array


def write_enhanced(
    path: Path, array: np.ndarray, affine: np.ndarray = LPS, edit: Callable | None = None, shared: bool = True
) -> Path:
    """Writes `array` [i, j, k] in HU as one enhanced multi-frame CT; the frames are in random order.

    `edit(frame item, k)` changes the functional groups of the k-th slice; without `shared` all stand in the frames.
    """
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = EnhancedCTImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid()
    file = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID, file.Modality = EnhancedCTImageStorage, generate_uid(), "CT"
    file.SeriesInstanceUID, file.PatientName, file.PatientID = generate_uid(), "Secret^Name", "SECRET1"
    file.Rows, file.Columns, file.NumberOfFrames = array.shape[1], array.shape[0], array.shape[2]
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 16, 12, 11, 0
    order = np.random.default_rng(0).permutation(array.shape[2])

    def group(**tags) -> Items:
        item = Dataset()
        for tag, value in tags.items():
            setattr(item, tag, value)
        return Items([item])

    def common() -> dict[str, Items]:
        return {
            "PixelMeasuresSequence": group(PixelSpacing=[sizes[1], sizes[0]], SliceThickness=2.0),
            "PlaneOrientationSequence": group(
                ImageOrientationPatient=[*affine[:3, 0] / sizes[0], *affine[:3, 1] / sizes[1]]
            ),
            "PixelValueTransformationSequence": group(RescaleSlope=2, RescaleIntercept=-1024, RescaleType="HU"),
        }

    frames = []
    for k in order:
        frame = Dataset()
        frame.PlanePositionSequence = group(ImagePositionPatient=list(affine[:3, :3] @ [0, 0, k] + affine[:3, 3]))
        frame.FrameContentSequence = group(FrameAcquisitionNumber=1, StackID="1", InStackPositionNumber=int(k) + 1)
        for name, items in {}.items() if shared else common().items():
            setattr(frame, name, items)
        if edit:
            edit(frame, k)
        frames.append(frame)
    file.PerFrameFunctionalGroupsSequence = Items(frames)
    if shared:
        item = Dataset()
        for name, items in common().items():
            setattr(item, name, items)
        file.SharedFunctionalGroupsSequence = Items([item])
    file.PixelData = np.stack([((array[:, :, k].T + 1024) / 2).astype(np.uint16) for k in order]).tobytes()
    pydicom.dcmwrite(path, file, enforce_file_format=True)
    return path


def without_preamble(folder: Path) -> Path:
    """Cuts the preamble off every file of a series."""
    for file in folder.iterdir():
        file.write_bytes(file.read_bytes()[132:])
    return folder
