"""Scans that are not what they should be: for each the file's name, what spoils it, and what a reader is to be told."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from pydicom.uid import RLELossless

from drasclr_core.imaging.volume import Volume, save_volume

from . import scan_files as files
from .scan_files import AFFINE, SHAPE, chest, phantom, rescaled, whole_chest, write, write_itk, write_series

LPS = np.diag([2.0, 2, 2, 1])
WHOLE = whole_chest()


@dataclass(frozen=True)
class Bad:
    """`make(path)` writes the file; a word of the message that the scan must get, and its verdict."""

    file: str
    make: Callable[[Path], object]
    message: str
    verdict: str = "refused"


def values(array) -> Callable[[Path], object]:
    return lambda path: write(path, np.asarray(array, dtype=np.float32))


def header(**fields) -> Callable[[Path], object]:
    return lambda path: write(path, **fields)


def body(change: Callable[[np.ndarray], np.ndarray], spacing: float = 4.0) -> Callable[[Path], object]:
    """The whole chest, changed, under a header that says voxels of `spacing` mm in RAS order."""
    array = np.ascontiguousarray(change(WHOLE.array.copy()), dtype=np.float32)
    return lambda path: save_volume(path, Volume(array, np.diag([spacing] * 3 + [1.0])))


def series(array=None, affine=LPS, **how) -> Callable[[Path], object]:
    return lambda path: write_series(path, chest() if array is None else array, affine, **how)


def without(tag: str) -> Callable[[Path], object]:
    return series(edit=lambda item, k: delattr(item, tag))


def only(k: int, **tags) -> Callable:
    """Changes tags of one slice."""

    def edit(item, place):
        for tag, value in tags.items() if place == k else ():
            setattr(item, tag, value)

    return edit


def bytes_of(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def in_folder(name: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    def build(path: Path) -> None:
        path.mkdir()
        make(path / name)

    return build


def replace(old: bytes, new: bytes) -> Callable[[Path], object]:
    """A file, or a series of the whole chest, in which bytes are replaced."""

    def build(path: Path) -> None:
        write_itk(path) if path.suffix else write_series(path, WHOLE.array, WHOLE.affine)
        for file in path.iterdir() if path.is_dir() else [path]:
            assert old in file.read_bytes()
            file.write_bytes(file.read_bytes().replace(old, new))

    return build


def huge(path: Path) -> None:
    """A header that promises 27 million million voxels, and nothing behind it."""
    image = nib.Nifti1Image(np.zeros((2, 2, 2), dtype=np.int16), AFFINE).header
    image.set_data_shape((30000, 30000, 30000))
    image["vox_offset"], image["magic"] = 352, b"n+1"
    raw = image.binaryblock + b"\0" * 8
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


def locked(path: Path) -> None:
    write(path)
    path.chmod(0)


def locked_slice(path: Path) -> None:
    write_series(path, chest(), LPS)
    (path / "003.dcm").chmod(0)


def detached(path: Path) -> None:
    """A header whose data file is not beside it."""
    write_itk(path)
    for data in (".raw", ".zraw", ".raw.gz"):
        path.with_suffix(data).unlink(missing_ok=True)


def turned(*axes: int) -> Callable[[Path], object]:
    """The whole chest with two axes exchanged, under a header that does not know it."""
    return body(lambda array: np.rot90(array, axes=axes))


def other_way(axis: int) -> Callable[[Path], object]:
    """A phantom under a header in which one axis has the wrong sign."""
    return lambda path: save_volume(path, Volume(np.flip(phantom().array, axis), phantom().affine))


def filled(array: np.ndarray) -> np.ndarray:
    """Lungs full of water."""
    return np.where((array > -950) & (array < -700), 0, array)


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"


def one_of_a_series(path: Path) -> None:
    write_series(path.with_suffix(""), chest(), LPS)
    (path.with_suffix("") / "003.dcm").rename(path)


def replaced_slice(content: bytes) -> Callable[[Path], object]:
    return lambda path: (write_series(path, chest(), LPS) / "003.dcm").write_bytes(content)


def two_directions(path: Path) -> None:
    image = nib.Nifti1Image(chest(), AFFINE)
    image.set_sform(AFFINE, 1)
    image.set_qform(AFFINE @ np.diag([-1, 1, 1, 1]), 1)
    nib.save(image, path)


def at_uneven(steps: list[float]) -> Callable[[Path], object]:
    z = np.cumsum([0.0, *(steps * 8)])[:16]
    return series(edit=lambda item, k: setattr(item, "ImagePositionPatient", [0, 0, float(z[k])]))


def uneven(path: Path) -> None:
    """The whole chest without every second slice of its lower half."""
    write_series(path, WHOLE.array, np.diag([-4.0, 4, 4, 1]), skip=range(1, 46, 2))


def beside_an_empty_file(path: Path) -> None:
    write_series(path, WHOLE.array, np.diag([-4.0, 4, 4, 1]))
    (path / "999.dcm").touch()


def acquisitions(number: int) -> Callable[[Path], object]:
    """Two passes over the whole chest in one series; the second has other values and, unless 0, an own number."""

    def build(path: Path) -> None:
        for count, array in enumerate((WHOLE.array, np.roll(WHOLE.array, 2, axis=0))):
            tags = {"SeriesInstanceUID": "1.2.3", "StudyInstanceUID": "1.2", "AcquisitionNumber": 1 + count * number}
            write_series(path / str(count), array, np.diag([-4.0, 4, 4, 1]), **tags)

    return build


def kernels(path: Path) -> None:
    for kernel in ("B70f", "B30f"):
        write_series(path / kernel, WHOLE.array, np.diag([-4.0, 4, 4, 1]), ConvolutionKernel=kernel)


def patients(path: Path) -> None:
    for number in (1, 2):
        write_series(path / str(number), chest(), LPS, PatientID=f"SECRET{number}")


def aside(item, k) -> None:
    item.ImagePositionPatient = [30 * (k > 7), 0, 2 * k]


def one_without(item, k) -> None:
    if k == 4:
        no_rescaling(item, k)


def no_rescaling(item, k) -> None:
    del item.RescaleSlope, item.RescaleIntercept


def packed(path: Path) -> None:
    """Compressed pixels under a header that says they are not."""
    write_series(path, WHOLE.array, WHOLE.affine, edit=lambda item, k: item.compress(RLELossless))
    for file in path.iterdir():
        file.write_bytes(file.read_bytes().replace(b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.1\0"))


BAD = {
    # Not there, or not to be opened.
    "no such file": Bad("nobody.nii.gz", lambda path: None, "no such file"),
    "link to a file that is gone": Bad("link.nii.gz", lambda path: path.symlink_to("gone.nii.gz"), "no such file"),
    "link to itself": Bad("loop.nii.gz", lambda path: path.symlink_to(path.name), "no such file"),
    "Git LFS pointer in place of a scan": Bad("lfs.nii.gz", bytes_of(POINTER), "a pointer of Git LFS"),
    "DICOM slice that was not fetched": Bad("unfetched", replaced_slice(POINTER), "has not been fetched"),
    "file without permission to read": Bad("locked.nii.gz", locked, "permission"),
    "DICOM slice without permission to read": Bad("locked_series", locked_slice, "permission"),
    "pipe instead of a file": Bad("pipe.nii.gz", os.mkfifo, "neither a file nor a folder"),
    "name longer than the system allows": Bad("long name " * 30 + ".nii.gz", lambda path: None, "no such file"),
    # Not an image.
    "unknown format (JPEG)": Bad("scan.jpg", bytes_of(b"\xff\xd8\xff\xe0JFIF"), "unknown format"),
    "single DICOM file": Bad("slice.dcm", bytes_of(b"\0" * 128 + b"DICM"), "no slices in this DICOM file"),
    "one slice of a series": Bad("one.dcm", one_of_a_series, "Give the folder of the whole axial series"),
    "name that is no UTF-8, broken content": Bad(os.fsdecode(b"caf\xe9.nii"), files.not_an_image, "damaged"),
    "name with a line break and markup": Bad("a\n<script>b.nii", files.not_an_image, "damaged"),
    "folder without images": Bad("texts", in_folder("notes.txt", files.not_an_image), "no DICOM"),
    "empty folder": Bad("nothing", Path.mkdir, "no DICOM"),
    # NIfTI files that are damaged or say too little.
    "empty NIfTI": Bad("empty.nii.gz", files.empty, "damaged"),
    "text in a NIfTI": Bad("text.nii", files.not_an_image, "damaged"),
    "HTML page in place of a download": Bad("page.nii.gz", bytes_of(b"<html>Please log in</html>"), "damaged"),
    "half a NIfTI": Bad("half.nii", files.truncated, "damaged"),
    "half a compressed NIfTI": Bad("half.nii.gz", files.truncated, "damaged"),
    "gzip with a wrong body": Bad("noise.nii.gz", bytes_of(gzip.compress(b"x" * 400)[:20] + b"y" * 200), "damaged"),
    "NIfTI header of 30000 voxels a side": Bad("huge.nii", huge, "30000 x 30000 x 30000 voxels"),
    "the same, compressed": Bad("huge.nii.gz", huge, "30000 x 30000 x 30000 voxels"),
    "two frames (4-D)": Bad("frames.nii.gz", values(np.stack([chest()] * 2, -1)), "not one 3-D frame"),
    "single slice": Bad("slice.nii.gz", values(chest()[:, :, :1]), "single slice"),
    "two-dimensional": Bad("flat.nii.gz", values(chest()[:, :, 0]), "not one 3-D frame"),
    "colour (RGB)": Bad("colour.nii", files.colour, "colour"),
    "complex numbers": Bad("complex.nii", lambda path: write(path, chest().astype(np.complex64)), "complex"),
    # Geometry.
    "voxel size of zero": Bad("zero.nii", files.no_header_spacing, "voxel size of zero"),
    "affine of zeros": Bad("affine.nii", files.zero_affine, "axes are not usable"),
    "affine with NaN": Bad("nan.nii", lambda path: files.patch(path, 280, np.float32([np.nan])), "axes are not usable"),
    "parallel axes": Bad("flat.nii", header(affine=AFFINE[:, [0, 0, 2, 3]]), "axes are not usable"),
    "metres for millimetres": Bad("metres.nii", files.metres, "voxels of 0.002"),
    "voxels of 5 cm": Bad("coarse.nii", header(affine=np.diag([50.0, 50, 50, 1])), "voxels of 50"),
    "field of view of 2 metres": Bad("vast.nii.gz", body(lambda a: a, 20.0), "scanned box of"),
    "no orientation": Bad("unknown.nii", files.no_orientation, "orientation missing"),
    "sform and pixdim disagree": Bad(
        "sizes.nii", lambda path: files.patch(path, 88, np.float32([4])), "2 x 2 x 3 mm by sform, but of 2 x 2 x 4 mm"
    ),
    "sform and qform disagree": Bad("axes.nii", two_directions, "sform and qform name different directions"),
    # Values.
    "normalised to 0..1": Bad("unit.nii", values(rescaled(0, 1)), "normalised"),
    "normalised to -1..1": Bad("signed.nii", values(rescaled(-1, 1)), "normalised"),
    "grey values 0..255": Bad("grey.nii", values(rescaled(0, 255).round()), "8-bit"),
    "label map": Bad("labels.nii", values((chest() < -500) * 2), "8-bit"),
    "detector values, or MR as NIfTI": Bad("raw.nii", values(chest() + 1024), "detector"),
    "hundredths of HU": Bad("hundredth.nii", values(chest() / 100), "no air"),
    "offset subtracted twice": Bad("shifted.nii", values(chest() - 1024), "soft tissue"),
    "HU shifted by 100": Bad("offset.nii.gz", body(lambda a: a + 100), "air has -900 HU", "review"),
    "HU times 1.1": Bad("factor.nii.gz", body(lambda a: a * 1.1), "air has -1100 HU", "review"),
    "grey values inverted": Bad("negative.nii", values(-chest()), "no air"),
    "constant": Bad("constant.nii", values(np.full(SHAPE, -1000)), "every voxel"),
    "NaN": Bad("nan_voxels.nii", values(np.where(chest() > 800, np.nan, chest())), "NaN"),
    "infinite": Bad("inf_voxels.nii", values(np.where(chest() > 800, np.inf, chest())), "infinite"),
    "air and noise alone": Bad("air.nii", body(lambda a: np.minimum(a, -950)), "soft tissue"),
    # Not two whole lungs.
    "water phantom": Bad("water.nii.gz", body(lambda a: files.ball(26, 0)), "no whole lungs"),
    "head": Bad("head.nii.gz", body(lambda a: files.head()), "no whole lungs"),
    "abdomen": Bad("abdomen.nii.gz", body(lambda a: files.abdomen()), "no whole lungs"),
    "left half of a chest": Bad("left_half.nii.gz", body(lambda a: a[:50]), "no whole lungs"),
    "one lung": Bad("one_lung.nii.gz", body(files.one_lung), "no whole lungs"),
    "field of view of 6 cm": Bad("tiny.nii.gz", body(lambda a: a[75:90, 42:57, 40:55]), "no whole lungs"),
    "three voxels a side": Bad("crumb.nii.gz", body(lambda a: a[68:71, 14:17, 1:4]), "no"),
    "crop round the heart": Bad("heart.nii.gz", body(lambda a: a[30:75, 20:60, 25:65]), "no whole lungs"),
    "rotated by 90 degrees, x for y": Bad("turned_xy.nii.gz", turned(0, 1), "no whole lungs"),
    "rotated by 90 degrees, y for z": Bad("turned_yz.nii.gz", turned(1, 2), "orientation", "review"),
    "rotated by 90 degrees, x for z": Bad("turned_xz.nii.gz", turned(0, 2), "no whole lungs"),
    "mirrored": Bad("mirrored.nii.gz", other_way(0), "is the scan mirrored?", "review"),
    "front and back exchanged": Bad("prone.nii.gz", other_way(1), "the spine lies in front", "review"),
    "upside down": Bad("upside_down.nii.gz", other_way(2), "upside down?", "review"),
    "bases cut off": Bad("upper.nii.gz", body(lambda a: a[:, :, 40:]), "bases cut", "review"),
    "apices cut off": Bad("lower.nii.gz", body(lambda a: a[:, :, :52]), "apices cut", "review"),
    "a child's lungs, or a wrong voxel size": Bad("small.nii.gz", body(lambda a: a, 2.6), "lungs hold", "review"),
    "lungs filled with water": Bad("filled.nii.gz", body(filled), "no whole"),
    "slices of 8 mm": Bad(
        "thick.nii.gz",
        lambda path: write(path, WHOLE.array[:, :, ::2], WHOLE.affine @ np.diag([1, 1, 2, 1])),
        "slices of 8.0 mm",
        "review",
    ),
    # DICOM.
    "MR series": Bad("mr", series(modality="MR"), "not CT but MR"),
    "localiser": Bad("localiser", series(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]), "localiser"),
    "one slice": Bad("one_slice", series(chest()[:, :, :1]), "fewer than two"),
    "all slices at one position": Bad("stacked", series(affine=np.diag([2.0, 2, 0, 1])), "one position"),
    "a gap of 12 mm": Bad("gap", series(skip=range(5, 10)), "gap of 12 mm"),
    "a gap of 8 mm": Bad(
        "small_gap", series(WHOLE.array, np.diag([-4.0, 4, 4, 1]), skip=[40]), "gap of 8 mm was interpolated", "review"
    ),
    "an empty file beside the slices": Bad(
        "empty_slice", beside_an_empty_file, "slices that are empty or cut: 1", "review"
    ),
    "uneven steps of 4 and 8 mm": Bad("uneven", uneven, "uneven steps: a gap of 8 mm was interpolated", "review"),
    "uneven steps of 4 and 11 mm": Bad("steps", at_uneven([4, 11]), "uneven steps of 4 to 11 mm"),
    "two acquisitions in one series": Bad("phases", acquisitions(1), "of 2 stacks of slices one was read", "ok"),
    "two kernels": Bad("kernels", kernels, "read: 92 slices, kernel B30F", "ok"),
    "two acquisitions that nothing tells apart": Bad("mixed", acquisitions(0), "nothing in the header tells apart"),
    "scans of two patients": Bad("two_patients", patients, "scans of 2 patients in one folder"),
    "slices shifted sideways": Bad("aside", series(edit=aside), "shifted sideways against each other, by 1"),
    "slices of two sizes": Bad("sizes", series(edit=only(3, Rows=12, Columns=40)), "different sizes"),
    "slices of two directions": Bad(
        "directions", series(edit=only(3, ImageOrientationPatient=[0, 1, 0, 0, 0, -1])), "different directions"
    ),
    "slices of two pixel sizes": Bad("zooms", series(edit=only(3, PixelSpacing=[1, 1])), "different pixel sizes"),
    "damaged slice": Bad("cut", lambda path: files.cut_slice(write_series(path, chest(), LPS)), "damaged"),
    "transfer syntax of other data": Bad("packed", packed, "damaged"),
    "byte order wrong in the header": Bad("big", replace(b"840.10008.1.2.1\0", b"840.10008.1.2.2\0"), "no DICOM"),
    "no pixels": Bad("no_pixels", without("PixelData"), "damaged"),
    "no rows": Bad("no_rows", without("Rows"), "Rows"),
    "no pixel size": Bad("no_spacing", without("PixelSpacing"), "PixelSpacing"),
    "no positions": Bad("no_positions", without("ImagePositionPatient"), "fewer than two"),
    "no orientation of the slices": Bad("no_directions", without("ImageOrientationPatient"), "fewer than two"),
    "no modality": Bad("no_modality", without("Modality"), "not CT but unknown"),
    "no rescaling to HU": Bad("no_slope", series(edit=no_rescaling), "detector"),
    "no rescaling to HU in one slice": Bad("one_slope", series(edit=one_without), "no rescaling to HU in 1 of 16"),
    "grey values under MONOCHROME1": Bad("mono", series(chest() * 0, PhotometricInterpretation="MONOCHROME1"),
                                         "neither as stored nor inverted"),
    "pixel size of zero": Bad("zero_spacing", series(PixelSpacing=[0, 0]), "axes are not usable"),
    "pixel size that is no number": Bad("odd_spacing", replace(b"4.0\\4.0 ", b"abc\\xyz "), "PixelSpacing"),
    "direction of length zero": Bad("no_axes", series(ImageOrientationPatient=[0] * 6), "ImageOrientationPatient"),
    "colour DICOM": Bad("rgb", series(SamplesPerPixel=3, PhotometricInterpretation="RGB"), "colour"),
    "not DICOM inside": Bad("fake", in_folder("001.dcm", files.not_an_image), "no DICOM"),
    # NRRD and MetaImage.
    "NRRD without a space": Bad("space.nrrd", files.no_space, "orientation missing"),
    "NRRD of a scanner's axes": Bad(
        "scanner.nrrd", replace(b"left-posterior-superior", b"scanner-xyz"), "orientation missing"
    ),
    "NRRD without voxel sizes": Bad("unsized.nrrd", replace(b"space directions:", b"comment:"), "voxel sizes missing"),
    "NRRD of vectors": Bad("vector.nrrd", files.vector, "colour or vector"),
    "half a NRRD": Bad("half.nrrd", files.cut_file, "damaged"),
    "empty NRRD": Bad("empty.nrrd", files.empty, "damaged"),
    "NRRD header without its data": Bad("alone.nhdr", detached, "damaged"),
    "MetaImage header without its data": Bad("alone.mhd", detached, "damaged"),
    "half a MetaImage": Bad("half.mha", files.cut_file, "damaged"),
    "text in a MetaImage": Bad("text.mhd", files.not_an_image, "damaged"),
    "MetaImage of two frames": Bad("frames.mha", files.two_frames, "not one 3-D frame"),
    "MetaImage of huge size": Bad(
        "huge.mha", replace(b"DimSize = 20 24 16", b"DimSize = 30000 30000 30000"), "30000 x 30000 x 30000 voxels"
    ),
    "MetaImage with voxels of zero": Bad(
        "zero.mha", replace(b"ElementSpacing = 1 1 1", b"ElementSpacing = 0 0 0"), "damaged"
    ),
    "MetaImage without voxel sizes": Bad(
        "unsized.mha", replace(b"ElementSpacing = 1 1 1", b"Comment = 1 1 1"), "voxel sizes missing"
    ),
    "MetaImage without directions": Bad(
        "undirected.mha", replace(b"TransformMatrix =", b"Comment ="), "orientation missing"
    ),
    "MetaImage of grey values": Bad(
        "grey.mha", lambda path: write_itk(path, rescaled(0, 255).T.astype(np.uint8)), "8-bit"
    ),
    "two-dimensional MetaImage": Bad("flat.mha", lambda path: write_itk(path, chest()[0].astype(np.int16)), "3-D"),
}  # fmt: skip
