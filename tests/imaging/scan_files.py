"""Small scans and the files that hold them, good ones and broken ones."""

from __future__ import annotations

from functools import cache

import nibabel as nib
import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from drasclr_core.cohort.phantom.simulate import simulate
from drasclr_core.cohort.phantom.subject.traits import draw_traits
from drasclr_core.imaging.volume import Volume

SHAPE = (20, 24, 16)
AFFINE = np.array([[2.0, 0, 0, -20], [0, 2, 0, -30], [0, 0, 3, 50], [0, 0, 0, 1]])


def chest(shape=SHAPE) -> np.ndarray:
    """Air round a body with a dark and a less dark lung, a bright spot that marks right, front and top."""
    array = np.full(shape, -1000.0, dtype=np.float32)
    body = tuple(slice(2, length - 2) for length in shape)
    array[body] = 40
    x, y = shape[0] // 2, shape[1] // 2
    array[x + 1 : -4, y - 4 : y + 4, 4:-4] = -850
    array[4 : x - 1, y - 4 : y + 4, 4:-4] = -700
    array[-4:-2, -4:-2, -4:-2] = 900
    return array


def whole_chest(scale=1.0, spacing=4.0) -> Volume:
    """A body with two air-filled lungs of about 4.5 l at scale 1, noise included."""
    shape = (100, 76, 92)
    affine = np.diag([spacing] * 3 + [1.0])
    affine[:3, 3] = [-198, -150, -182]
    x, y, z = np.moveaxis(np.moveaxis(np.indices(shape), 0, -1) * spacing + affine[:3, 3], -1, 0) / scale
    body = (x / 185) ** 2 + (y / 135) ** 2 < 1
    lungs = ((x - 78) / 58) ** 2 + (y / 85) ** 2 + (z / 125) ** 2 < 1
    lungs |= ((x + 78) / 52) ** 2 + (y / 85) ** 2 + (z / 120) ** 2 < 1
    noise = np.random.default_rng(0).normal(0, 15, shape)
    return Volume((np.where(lungs, -850, np.where(body, 40, -1000)) + noise).astype(np.float32), affine)


@cache
def phantom(arm="copd") -> Volume:
    """A simulated subject with heart, liver, spine and windpipe, 4 mm voxels."""
    volume = simulate(draw_traits(1, 0, arm), 1, 0, 4.0).volume
    return Volume(np.clip(volume.array, -1024, 3000), volume.affine)


def ball(radius: float, hu: float, inside: float | None = None) -> np.ndarray:
    """A cylinder of `hu` in air, or in it a smaller ball of `inside`."""
    x, y, z = np.indices((64, 64, 64)) - 31.5
    array = np.where(np.hypot(x, y) < radius, hu, -1000.0)
    return array if inside is None else np.where(np.hypot(np.hypot(x, y), z) < radius - 4, inside, array)


def head() -> np.ndarray:
    """A skull with brain, and air in a nose and two sinuses."""
    array = ball(22, 900, 40)
    for x, y in ((24, 44), (38, 44), (31, 48)):
        array[x : x + 4, y : y + 5, 20:40] = -1000
    return array


def abdomen() -> np.ndarray:
    """Soft tissue with gas in stomach and bowel."""
    array = ball(28, 40)
    for x, y, z in ((20, 40, 50), (40, 40, 20), (30, 44, 35), (44, 30, 28)):
        array[x - 3 : x + 3, y - 3 : y + 3, z - 5 : z + 5] = -1000
    return array


def one_lung(array: np.ndarray) -> np.ndarray:
    array[:50][array[:50] < -500] = 40
    array[:8] = array[:, :8] = -1000
    return array


def rescaled(low, high):
    array = chest()
    return (array - array.min()) / np.ptp(array) * (high - low) + low


def write(path, array=None, affine=AFFINE, **header):
    """A NIfTI file."""
    image = nib.Nifti1Image(chest() if array is None else array, affine)
    for name, value in header.items():
        image.header[name] = value
    nib.save(image, path)
    return path


def write_series(folder, array, affine, modality="CT", skip=(), edit=None, **tags):
    """`array` [i, j, k] in HU as a DICOM series; `affine` maps indices to LPS mm; the slices come in random order.

    `edit(slice, k)` changes the k-th slice before it is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    series, sizes = generate_uid(), np.linalg.norm(affine[:3, :3], axis=0)
    order = np.random.default_rng(0).permutation(array.shape[2])
    for name, k in enumerate(order):
        if k in skip:
            continue
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
        meta.MediaStorageSOPInstanceUID = generate_uid()
        slice_ = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        slice_.SOPClassUID, slice_.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        slice_.Modality, slice_.SeriesInstanceUID, slice_.StudyInstanceUID = modality, series, series
        slice_.PatientName, slice_.PatientID = "Secret^Name", "SECRET1"
        slice_.Rows, slice_.Columns = array.shape[1], array.shape[0]
        slice_.PixelSpacing = [sizes[1], sizes[0]]
        slice_.SliceThickness = 5.0
        slice_.ImageOrientationPatient = [*affine[:3, 0] / sizes[0], *affine[:3, 1] / sizes[1]]
        slice_.ImagePositionPatient = list(affine[:3, :3] @ [0, 0, k] + affine[:3, 3])
        slice_.InstanceNumber = int(k) + 1
        slice_.RescaleSlope, slice_.RescaleIntercept = 2, -1024
        slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
        slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 16, 15, 0
        for tag, value in tags.items():
            setattr(slice_, tag, value)
        slice_.PixelData = ((array[:, :, k].T + 1024) / 2).astype(np.uint16).tobytes()
        if edit:
            edit(slice_, k)
        pydicom.dcmwrite(folder / f"{name:03d}.dcm", slice_, enforce_file_format=True)
    return folder


def write_itk(path, array=None):
    """A NRRD or MetaImage file, by the path's ending."""
    array = chest().T.astype(np.int16) if array is None else array
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    return path


# What can be wrong with a NIfTI file.


def patch(path, offset, value):
    """A NIfTI-1 file with bytes of its header replaced (nibabel would not write such a header)."""
    write(path)
    raw = bytearray(path.read_bytes())
    raw[offset : offset + value.nbytes] = value.tobytes()
    path.write_bytes(bytes(raw))


def no_header_spacing(path):
    patch(path, 80, np.zeros(3, dtype=np.float32))


def zero_affine(path):
    patch(path, 280, np.zeros(12, dtype=np.float32))


def no_orientation(path):
    patch(path, 252, np.zeros(2, dtype=np.int16))


def metres(path):
    write(path, affine=np.diag([0.002, 0.002, 0.002, 1]))


def truncated(path):
    write(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def not_an_image(path):
    path.write_text("sorry")


def empty(path):
    path.touch()


def colour(path):
    rgb = np.zeros(SHAPE, dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(rgb, AFFINE), path)


# What can be wrong with NRRD, MetaImage and DICOM.


def no_space(path):
    write_itk(path)
    text = path.read_bytes().replace(b"space: left-posterior-superior", b"space dimension: 3".ljust(30))
    path.write_bytes(text)


def vector(path):
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((6, 8, 9, 3), dtype=np.int16), isVector=True), str(path))


def two_frames(path):
    frames = [sitk.GetImageFromArray(chest().T.astype(np.int16))] * 2
    sitk.WriteImage(sitk.JoinSeries(frames), str(path))


def cut_file(path):
    write_itk(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def cut_slice(folder):
    file = folder / "005.dcm"
    file.write_bytes(file.read_bytes()[:-300])
