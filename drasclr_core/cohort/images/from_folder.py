"""A 2D stream of people's own images, in the form of the streams of a cohort."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

from drasclr_core.cohort.images.folder import ImageFolder
from drasclr_core.cohort.images.grey import read_grey
from drasclr_core.cohort.images.keep import Rows, keep_piece, keep_stream
from drasclr_core.cohort.images.stream import ImageStream, write_images
from drasclr_core.cohort.sids import safe_sids
from drasclr_core.cohort.subjects import named

VERSION = 2
"""Raise when images are made in another way."""


def keep_folder(folder: str | Path, images: ImageFolder, edge: int = 128, workers: int = 1) -> ImageStream:
    """Makes a stream in `folder` of images of one's own, or finds it made.

    Parameters
    ----------
    folder : path
        Where the stream is written.
    images : ImageFolder
        See `read_image_folder`.
    edge : int
        Pixels of a square's side.
    workers : int
        Processes (see `progress.for_each`).

    Returns
    -------
    ImageStream
        ``sid`` (the image's name, safe as that of a file), ``kind`` (its group, or the folder's name), ``file, place``.

    Raises
    ------
    ValueError
        No image can be used any more, or two images have one name.
    """
    folder = Path(folder)
    sids, _ = safe_sids([Path(name) for name in images.table["name"]])
    counts = Counter(sid.casefold() for sid in sids)
    names = zip(images.table["name"], sids, strict=True)
    if twice := sorted(name for name, sid in names if counts[sid.casefold()] > 1):
        raise ValueError(f"{images.folder.name}: several images have one name ({named(twice)}). Rename their files.")
    kinds = [group or images.folder.name for group in images.table["group"]]
    sources = {sid: (file, kind) for sid, file, kind in zip(sids, images.files, kinds, strict=True)}
    piece = partial(_image, folder=folder, edge=edge)
    return keep_stream(folder, sources, piece, "images", workers, refused=images.refused)


def _image(sid: str, image: tuple[Path, str], folder: Path, edge: int) -> Rows:
    source, kind = image

    def make(file: Path) -> Rows:
        write_images(file, [read_grey(source).array], edge)
        return [{"kind": kind}]

    return keep_piece(folder, sid, source, make, version=VERSION, edge=edge, kind=kind)
