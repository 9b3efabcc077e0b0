"""A folder of 2D images as people have them: any of the formats, sizes and depths, one table, a list of the refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.cohort.images.grey import is_picture, read_grey
from drasclr_core.cohort.images.refused import name_of, refused_table, without_identifiers
from drasclr_core.cohort.subjects import named
from drasclr_core.folders import walk
from drasclr_core.imaging.refusal import VolumeError
from drasclr_core.progress import for_each


@dataclass(frozen=True)
class ImageFolder:
    """The images of a folder; pixels stay on the disk until they are asked for.

    Attributes
    ----------
    folder : Path
    table : DataFrame
        One row for each image that can be used: ``name`` (unique), ``group`` (its folder below this one, "" for none),
        ``rows, columns`` (pixels), ``format``, ``bits``, ``inverted``. The index is the place in `files`.
    files : tuple of Path
        Of the images that can be used, in the order of the table.
    refused : DataFrame
        ``name, message``: the file, the problem, the remedy.
    notes : list of str
        Sentences about what else lies in the folder.
    """

    folder: Path
    table: pd.DataFrame
    files: tuple[Path, ...]
    refused: pd.DataFrame
    notes: list[str]

    def __len__(self) -> int:
        return len(self.files)

    def read(self, place: int) -> np.ndarray:
        """Returns image number `place` as brightness, float32 [rows, columns], 0 to 1."""
        return read_grey(self.files[place]).array


def read_image_folder(folder: str | Path, workers: int = 1) -> ImageFolder:
    """Looks at every image in a folder and the folders below it, and returns those that can be used.

    Parameters
    ----------
    folder : path
        PNG, JPEG, TIFF, BMP and DICOM files (each one image), at any depth.
    workers : int
        Processes that read (see `progress.for_each`).

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    ValueError
        No image in it, or none that can be used; the message says why the first one cannot.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder.name}: no such folder. Give a folder of PNG, JPEG or DICOM images.")
    inside = [path for path in walk(folder) if path.is_file()]
    images = [path for path in inside if is_picture(path)]
    if not images:
        raise ValueError(f"{folder.name}: no PNG, JPEG, TIFF, BMP or DICOM file in it. Give a folder of images.")
    looked = for_each(_look, images, f"images in {folder.name}", workers)
    names = _names(images)
    good = [place for place, one in enumerate(looked) if isinstance(one, dict)]
    refused = refused_table((names[place], one) for place, one in enumerate(looked) if isinstance(one, str))
    if not good:
        raise ValueError(f"{folder.name}: none of {len(images)} images can be used; the first: {refused['message'][0]}")
    rows = [{"name": names[place], "group": _group(folder, images[place]), **looked[place]} for place in good]
    table = pd.DataFrame(rows)[["name", "group", "rows", "columns", "format", "bits", "inverted"]]
    return ImageFolder(folder, table, tuple(images[place] for place in good), refused, _notes(inside, images))


def _look(path: Path) -> dict | str:
    """What the table says of one image, or why it cannot be used."""
    try:
        image = read_grey(path)
    except VolumeError as error:
        return without_identifiers(str(error))
    rows, columns = image.array.shape
    return {"rows": rows, "columns": columns, **image.source}


def _names(images: Sequence[Path]) -> list[str]:
    """A unique name for each image: files of one name in several folders are numbered.

    Names that differ in the case of letters only are one, as they are on many disks. A number that makes the name of
    another file is left out.
    """
    names = [name_of(path) for path in images]
    counts = Counter(name.casefold() for name in names)
    taken, last = set(counts), Counter()
    for place, name in enumerate(names):
        if counts[key := name.casefold()] > 1:
            last[key] += 1
            while f"{key}-{last[key]}" in taken:
                last[key] += 1
            names[place] = f"{name}-{last[key]}"
            taken.add(names[place].casefold())
    return names


def _group(folder: Path, path: Path) -> str:
    parts = path.relative_to(folder).parts
    return without_identifiers(parts[0]) if len(parts) > 1 else ""


def _notes(inside: Sequence[Path], images: Sequence[Path]) -> list[str]:
    kinds = Counter(path.suffix.lower() or "without an ending" for path in set(inside) - set(images))
    counts = named(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return [f"No images, left out: {kinds.total()} ({counts})."] if kinds else []
