"""A stream of 2D images made piece by piece: each subject's once, what cannot be used is listed, the rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import pandas as pd

from drasclr_core.cohort.images.refused import refused_table, sort_out
from drasclr_core.cohort.images.stream import ImageStream, read_stream, write_stream
from drasclr_core.cohort.sids import told_by_sid
from drasclr_core.files import read_json, write_csv
from drasclr_core.imaging.pointers import FETCH
from drasclr_core.imaging.refusal import VolumeError, refusal
from drasclr_core.pieces import fingerprint, kept, remembered_fingerprint
from drasclr_core.progress import for_each

REFUSED = "refused.csv"
"""Beside the stream: ``name, message`` of what is not in it."""

Rows = list[dict]
"""Facts of each image of a piece, in order, as columns of the stream's table."""
Source = TypeVar("Source")


def keep_piece(folder: Path, sid: str, source: Path, make: Callable[[Path], Rows], **settings) -> Rows:
    """Returns the rows of one subject's images, made once from its `source` and with these `settings`.

    Parameters
    ----------
    folder : Path
        Of the stream.
    source : Path
        The scan or image; where it changes, the piece is made again.
    make : callable
        Writes the images into the file that it is given.

    Raises
    ------
    VolumeError
        There is no such source, or it cannot be used.
    """
    if not source.exists():
        raise refusal(source, "no such file or folder", f"Correct the subject table. {FETCH}")
    file = folder / f"{sid}.npy"
    known = read_json(folder / f".{sid}.json").get("source", {})
    seen = remembered_fingerprint(source, known)
    key = fingerprint(source=seen["content"], **settings)
    return kept(folder, sid, key, lambda: {"rows": make(file), "source": seen}, [file])["rows"]


def keep_stream(
    folder: Path,
    sources: Mapping[str, Source],
    piece: Callable[[str, Source], Rows],
    what: str,
    workers: int = 0,
    finish: Callable[[pd.DataFrame], pd.DataFrame] = lambda table: table,
    refused: pd.DataFrame | None = None,
) -> ImageStream:
    """Returns the stream of all pieces, and writes its table and that of what was refused.

    Parameters
    ----------
    folder : Path
    sources : mapping
        From sids, safe as names of files, to what their images are made of.
    piece : callable
        From a sid and its source to the rows of its images (see `keep_piece`); VolumeError where they cannot be made.
        It goes to other processes.
    what : str
        For the progress bar and messages.
    workers : int
        Processes (see `progress.for_each`).
    finish : callable
        Adds columns to the table.
    refused : DataFrame, optional
        What had been refused before.

    Raises
    ------
    ValueError
        Not one piece can be made.
    """
    made = for_each(partial(_tried, piece=piece), list(sources.items()), what, workers)
    good, bad = sort_out(zip(sources, made, strict=True), _rows_of)
    if not good:
        raise ValueError(f"none of {len(sources)} {what} can be used; the first: {bad['message'].iloc[0]}")
    bad = bad if refused is None else pd.concat([refused, bad], ignore_index=True)
    write_csv(folder / REFUSED, bad if len(bad) else refused_table())
    rows = [
        {"sid": sid, **row, "file": f"{sid}.npy", "place": place}
        for sid, images in good.items()
        for place, row in enumerate(images)
    ]
    write_stream(folder, finish(pd.DataFrame(rows)))
    return read_stream(folder)


def _tried(item: tuple[str, Source], piece: Callable[[str, Source], Rows]) -> Rows | str:
    """Rows, or why there are none: what a process returns has to be data."""
    try:
        return piece(*item)
    except VolumeError as error:
        sid, source = item
        return told_by_sid(str(error), sid, source) if isinstance(source, Path) else str(error)


def _rows_of(made: Rows | str) -> Rows:
    if isinstance(made, str):
        raise VolumeError(made)
    return made
