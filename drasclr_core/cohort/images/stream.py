"""A stream of 2D images for training: squares of one size on the disk, read in any order, several sources as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.cohort.images.squares import to_square
from drasclr_core.files import atomic, write_parquet

STEPS = np.iinfo(np.uint16).max
"""Brightness 0 to 1 is stored in so many steps: 255 would be 5 HU each."""
TABLE = "images.parquet"


@dataclass(frozen=True)
class ImageStream:
    """Square images of one size.

    Attributes
    ----------
    table : DataFrame
        One row for each image: ``sid`` (whose), ``kind`` (``slice``, ``radiograph``, or that of a folder), labels where
        they are known, and where the image lies: ``file`` (a path) and ``place`` in it.
    edge : int
        Pixels of a side.
    """

    table: pd.DataFrame
    edge: int

    def __len__(self) -> int:
        return len(self.table)

    def read(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Returns images by their rows in the table, brightness 0 to 1, float32 [n, edge, edge]."""
        files, places = (self.table[name].to_numpy()[np.asarray(rows, dtype=int)] for name in ("file", "place"))
        images = np.empty((len(files), self.edge, self.edge), np.float32)
        for file in dict.fromkeys(files):
            wanted = files == file
            images[wanted] = np.load(file, mmap_mode="r")[places[wanted]]
        return images / np.float32(STEPS)


def write_images(file: Path, images: Sequence[np.ndarray], edge: int) -> None:
    """Writes images (brightness 0 to 1, of any sizes) as squares, uint16 [n, edge, edge], in one file, atomically."""
    squares = np.stack([to_square(image, edge) for image in images])
    with atomic(file) as temporary:
        np.save(temporary, np.rint(squares * STEPS).astype(np.uint16))


def write_stream(folder: Path, table: pd.DataFrame) -> None:
    """Writes the table of a stream; ``file`` is a name in the folder, so that the folder can be moved."""
    write_parquet(folder / TABLE, table)


def read_stream(folder: str | Path) -> ImageStream:
    """Returns the stream in a folder.

    Raises
    ------
    FileNotFoundError
        No stream has been made there.
    """
    folder = Path(folder)
    if not (folder / TABLE).exists():
        raise FileNotFoundError(f"{folder.name}: no stream of images yet. Run notebook 50_images_and_volumes first.")
    table = pd.read_parquet(folder / TABLE)
    table["file"] = [str(folder / name) for name in table["file"]]
    return ImageStream(table, int(np.load(table["file"].iloc[0], mmap_mode="r").shape[-1]))


def joined(*streams: ImageStream) -> ImageStream:
    """Returns several streams as one; a label that one of them lacks is missing there.

    Raises
    ------
    ValueError
        There is none, or their images have unlike sizes.
    """
    edges = {stream.edge for stream in streams}
    if len(edges) != 1:
        raise ValueError(f"streams of {sorted(edges)} pixels cannot be one: make them with the same edge")
    return ImageStream(pd.concat([stream.table for stream in streams], ignore_index=True), edges.pop())
