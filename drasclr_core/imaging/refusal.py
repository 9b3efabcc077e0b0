"""How an image is refused: the file, the problem, the remedy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

MOST_VOXELS = 2**31
"""Four times a scan of 1024 x 1024 x 512. A header that promises more is wrong, and would fill the memory."""
MOST_COMPRESSED = 1032
"""No gzip file becomes longer than this many times its length."""
LONGEST_NAME = 80
"""Letters of a file's name in a message."""


class VolumeError(ValueError):
    """An image that cannot be used; the message names the file, the problem and the remedy."""


def refusal(path: str | Path, problem: str, remedy: str) -> VolumeError:
    """Returns the error for an image; it holds the file's name only, because a path can tell who the patient is."""
    return VolumeError(f"{printable_name(path)}: {problem}. {remedy}.")


def without_name(message: str, path: str | Path) -> str:
    """Returns a message about an image (see `refusal`) without the file's name: the problem and the remedy."""
    return message.removeprefix(f"{printable_name(path)}: ")


def printable_name(path: str | Path) -> str:
    """Returns the file's name as text: shortened, what cannot be printed (line breaks, broken UTF-8) replaced."""
    name = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in Path(path).name)
    name = name or "."  # of the working folder
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def check_size(path: str | Path, shape: tuple[int, ...], voxel_bytes: int = 0) -> None:
    """Raises VolumeError for what a header promises and no file can hold, before memory is asked for it.

    Parameters
    ----------
    path : path
    shape : tuple of int
    voxel_bytes : int
        Bytes of a voxel that the file itself must hold, perhaps compressed; 0 where the data lie in another file.
    """
    promised = np.prod(shape, dtype=float)
    if promised > MOST_VOXELS or promised * voxel_bytes > Path(path).stat().st_size * MOST_COMPRESSED:
        sides = " x ".join(map(str, shape))
        raise refusal(path, f"the header promises {sides} voxels", "Copy or convert it again; the header is damaged")
