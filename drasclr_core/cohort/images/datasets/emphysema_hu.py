"""Images of the Computed Tomography Emphysema Database in HU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from drasclr_core.cohort.images.refused import sort_out
from drasclr_core.imaging.refusal import refusal

PATCH = 61
"""Pixels of a patch's side."""
LUNG_HU = (-1100.0, -300.0)
"""The mean of a patch of lung lies between these, HU."""


def read_hu(path: str | Path, offset: float = 0.0) -> np.ndarray:
    """Returns an image of the database in HU, float32 [rows, columns].

    Parameters
    ----------
    path : path
        A TIFF of 16 bits.
    offset : float
        HU that are added to the stored numbers; -1000 or -1024 for a copy whose numbers begin at 0.

    Raises
    ------
    VolumeError
        Not an image, in colour, of 8 bits, or its numbers are no HU of lung; the message says what to try.
    """
    path = Path(path)
    try:
        with Image.open(path) as image:
            image.load()
            array = np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise refusal(path, "damaged, incomplete or not an image", "Download it again") from error
    if array.ndim != 2 or array.dtype == np.uint8:
        raise refusal(path, "a picture of 8 bits or in colour, not CT in HU", "Give the TIFF as it is published")
    if array.dtype == np.uint16 and array.max() >= 2**15:  # negative numbers that were read as if they had no sign
        array = array.view(np.int16)
    hu = array.astype(np.float32) + np.float32(offset)
    if not np.isfinite(hu).all() or hu.min() >= 0:
        raise refusal(path, f"no value below 0 (lowest {hu.min():g}): not HU",
                      "Give offset=-1000 or -1024 for a copy whose numbers begin at 0")  # fmt: skip
    return hu


def read_patch(path: str | Path, offset: float = 0.0) -> np.ndarray:
    """Returns a patch of the database in HU, float32 [61, 61]; raises as `read_hu`, and for another size or no lung."""
    hu = read_hu(path, offset)
    low, high = LUNG_HU
    if hu.shape != (PATCH, PATCH):
        raise refusal(path, f"{hu.shape[0]} x {hu.shape[1]} pixels, expected {PATCH} x {PATCH}", "Give a patch")
    if not low < hu.mean() < high:
        raise refusal(path, f"a mean of {hu.mean():.0f} HU, which no lung has", "Give another offset")
    return hu


def read_patches(table: pd.DataFrame, offset: float = 0.0) -> tuple[np.ndarray, pd.DataFrame, pd.DataFrame]:
    """Returns the patches that can be read, float32 [N, 61, 61] in HU, their rows of the table, and who was refused.

    Parameters
    ----------
    table : DataFrame
        `EmphysemaDatabase.patches`.
    offset : float
        As in `read_hu`.

    Returns
    -------
    patches, table, refused
        ``refused`` has ``name, message``.

    Raises
    ------
    ValueError
        None can be read; the message is that of the first.
    """
    found, refused = sort_out(zip(table["name"], table["image"], strict=True), lambda image: read_patch(image, offset))
    if not found:
        first = refused["message"].iloc[0] if len(refused) else "the tables name none"
        raise ValueError(f"none of {len(table)} patches can be used. The first: {first}")
    return np.stack(list(found.values())), table[table["name"].isin(list(found))].reset_index(drop=True), refused
