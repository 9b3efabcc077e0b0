"""Images that are learnt from beside the volumes: a file of them, of one size, that any stage can write."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drasclr_core.files import atomic


def write_images(path: str | Path, images: np.ndarray) -> Path:
    """Writes images, radiographs or slices, for a training to read (setting ``images`` of the joint method).

    Parameters
    ----------
    path : path
        Of a file ``….npy``.
    images : array [N, h, w] or [N, 1, h, w]
        Values in [-1, 1], rows from top to bottom. About twice as many pixels a side as a view has are enough.

    Raises
    ------
    ValueError
        As in `check_images`, with the position of the first bad image.
    """
    path, images = Path(path), np.asarray(images)
    images = images[:, 0] if images.ndim == 4 and images.shape[1] == 1 else images
    check_images(images, path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic(path) as temporary, open(temporary, "wb") as stream:
        np.save(stream, images.astype(np.float16))
    return path


def open_images(path: str | Path) -> np.ndarray:
    """Returns the images that `write_images` wrote, float16 [N, h, w], read from the file where they are asked for.

    Raises FileNotFoundError, or ValueError for a file of another kind, with the remedy.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There are no images {path.name}: write them with image_volume.write_images, or leave "
                                "the setting `images` empty to learn from volumes only.")  # fmt: skip
    try:
        images = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path.name} is not a file of images ({error}): write it with write_images.") from error
    if images.ndim != 3 or images.dtype != np.float16:
        raise ValueError(f"{path.name} holds {images.dtype} {list(images.shape)}, not float16 images [N, h, w]: write "
                         "it with write_images.")  # fmt: skip
    return images


def check_images(images: np.ndarray, name: str) -> None:
    """Raises ValueError for anything but two or more grey images of one size with finite values in [-1, 1]."""
    if images.dtype == object or images.ndim != 3 or not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"{name}: images must be floats [N, h, w] of one size and one channel, not {images.dtype} "
                         f"{list(images.shape)}. Make colour grey, and unlike sizes equal, first.")  # fmt: skip
    if len(images) < 2 or min(images.shape[1:]) < 8:
        raise ValueError(f"{name}: {list(images.shape)} are too few or too small: 2 images of 8 x 8 at least.")
    good = np.array([np.isfinite(image).all() and np.abs(image).max() <= 1 for image in images])
    if not good.all():
        raise ValueError(f"{name}: image {int(good.argmin())} has values outside [-1, 1] or none at all: scale the "
                         "window that matters to [-1, 1], and clip.")  # fmt: skip
