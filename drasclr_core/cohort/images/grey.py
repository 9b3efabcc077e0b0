"""One grey image from a PNG, JPEG, TIFF, BMP or DICOM file, brightness 0 to 1, or a refusal with a remedy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from drasclr_core.cohort.images.dicom_image import read_dicom_image
from drasclr_core.imaging.dicom import is_dicom
from drasclr_core.imaging.pointers import FETCH, is_pointer
from drasclr_core.imaging.refusal import VolumeError, refusal

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
"""Pictures; a DICOM file is told by its content."""
LEAST_SIDE = 16
"""Pixels of the shorter side; smaller ones are icons."""
MOST_PIXELS = 2**28
"""No radiograph is larger: a file that promises more would fill the memory."""
COLOURED, COLOURED_SHARE = 24, 0.005
"""Channels of a pixel (8 bits) that differ by more than this make it coloured; this share of the pixels may be, because
JPEG smears grey values into its colour channels."""
DEPTHS = (8, 10, 12, 14, 16)
"""Bits of a pixel. Files of 16 bits often hold 12: the smallest depth that holds the brightest pixel is the scale."""


@dataclass(frozen=True)
class GreyImage:
    """A grey image.

    Attributes
    ----------
    array : float32 [rows, columns]
        Brightness, 0 black to 1 white, as it is shown: MONOCHROME1 is inverted already.
    source : dict
        ``format`` (PNG, JPEG, TIFF, BMP, DICOM), ``bits`` of a pixel, ``inverted`` (it was MONOCHROME1) and
        ``modality`` of DICOM; nothing that names a person or a study.
    """

    array: np.ndarray
    source: dict


def is_picture(path: Path) -> bool:
    """Returns whether a file has a picture's name, or starts like DICOM; hidden files are none."""
    return not path.name.startswith(".") and path.is_file() and (path.suffix.lower() in SUFFIXES or is_dicom(path))


def read_grey(path: str | Path) -> GreyImage:
    """Returns one image as brightness 0 to 1.

    Pictures of 8 bits are divided by 255; those of 16 bits by the largest number of the smallest of `DEPTHS` that holds
    their brightest pixel. DICOM: see `dicom_image.read_dicom_image`.

    Raises
    ------
    VolumeError
        No such file, not an image, damaged, in colour, several pages, smaller than `LEAST_SIDE`, or one value only.
    """
    path = Path(path)
    if not path.is_file():
        raise refusal(path, "no such file", "Correct the path, or fetch the file")
    if is_pointer(path):
        raise refusal(path, "a pointer of Git LFS or git-annex, not the image itself", FETCH)
    try:
        array, source = read_dicom_image(path) if is_dicom(path) else _read_picture(path)
    except VolumeError:
        raise
    except Exception as error:  # a damaged file may make the libraries raise anything, and must not stop a folder
        raise refusal(path, f"cannot be read ({type(error).__name__})", "Copy or export it again") from error
    if min(array.shape) < LEAST_SIDE:
        raise refusal(path, f"{array.shape[0]} x {array.shape[1]} pixels, expected at least {LEAST_SIDE}",
                      "Give the image itself, not a thumbnail")  # fmt: skip
    if not np.isfinite(array).all():
        raise refusal(path, "NaN or infinite values", "Export it again; every pixel needs a number")
    if array.min() == array.max():
        raise refusal(path, "every pixel has the same value", "Check that the export finished")
    return GreyImage(np.ascontiguousarray(array, dtype=np.float32), source)


def _read_picture(path: Path) -> tuple[np.ndarray, dict]:
    try:
        with Image.open(path) as image:
            kind, mode = image.format, image.mode
            if getattr(image, "n_frames", 1) > 1:
                raise refusal(path, f"{image.n_frames} pages in one file", "Save each page as its own file")
            if np.prod(image.size, dtype=float) > MOST_PIXELS:
                raise refusal(path, f"the header promises {image.width} x {image.height} pixels", "Export it again")
            image.load()
            array = _grey(path, image)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        if isinstance(error, VolumeError):
            raise
        raise refusal(path, "damaged, incomplete or not an image", "Copy or export it again") from error
    if array.dtype == np.float32:  # a TIFF of real numbers has no range of its own
        low, high = float(array.min()), float(array.max())
        return (array - low) / max(high - low, 1e-12), {"format": kind, "bits": 32, "inverted": False}
    bits = 8 if array.dtype == np.uint8 else _depth(array, path)
    return array / np.float32(2**bits - 1), {"format": kind, "bits": 1 if mode == "1" else bits, "inverted": False}


def _grey(path: Path, image: Image.Image) -> np.ndarray:
    """Stored grey values [rows, columns]: uint8, whole numbers of more bits, or float32."""
    if image.mode in ("I", "I;16", "I;16B", "I;16L"):
        return np.asarray(image, dtype=np.int64)
    if image.mode in ("F", "L"):
        return np.asarray(image)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    colours = np.asarray(image.convert("RGBA"), dtype=np.int16)
    spread = np.ptp(colours[..., :3], axis=-1)
    if np.mean(spread > COLOURED) > COLOURED_SHARE:
        raise refusal(path, f"a colour picture ({100 * np.mean(spread > COLOURED):.0f} % of the pixels are coloured)",
                      "Export the image itself in grey, without marks and colour scale")  # fmt: skip
    grey = colours[..., :3].mean(axis=-1) * colours[..., 3] / 255  # what is transparent is black
    return np.rint(grey).astype(np.uint8)


def _depth(array: np.ndarray, path: Path) -> int:
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >= 2 ** DEPTHS[-1]:
        raise refusal(path, f"values from {low} to {high}, expected 0 to {2 ** DEPTHS[-1] - 1}",
                      "Export it with 8 or 16 bits")  # fmt: skip
    return next(bits for bits in DEPTHS if high < 2**bits)
