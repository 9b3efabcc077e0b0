"""Walks through folders as people keep scans in them: hidden files, links, files that have not been fetched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

POINTERS = (b"version https://git-lfs", b"/annex/objects/")
"""How a file starts that stands for one that has not been fetched."""
FETCH = "Fetch it first (git lfs pull, git annex get, datalad get)"


def walk(top: str | Path, deepest: int = 20) -> Iterator[Path]:
    """Yields what is in a folder and at most `deepest` levels of folders below, in order.

    Hidden files and folders are left out; links are followed, each folder once.
    """
    top, seen = str(top), set()
    for place, folders, files in os.walk(top, followlinks=True):
        real = os.path.realpath(place)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and real not in seen)
        if real not in seen:
            yield from (Path(place, name) for name in sorted((*folders, *files)) if not name.startswith("."))
        if place[len(top) :].count(os.sep) >= deepest:
            folders[:] = []
        seen.add(real)


def is_pointer(path: Path) -> bool:
    """Returns whether a file only stands for one that has not been fetched."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(max(map(len, POINTERS))).startswith(POINTERS)
