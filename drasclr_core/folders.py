"""Walks through folders as people keep files in them: hidden ones, links, links in a circle."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def walk(top: str | Path, deepest: int = 20, hidden: bool = False) -> Iterator[Path]:
    """Yields what is in a folder and at most `deepest` levels of folders below, in order.

    Files and folders that are `hidden` are left out unless asked for; links are followed, each folder once.
    """
    top, seen = str(top), set()
    for place, folders, files in os.walk(top, followlinks=True):
        real = os.path.realpath(place)
        folders[:] = sorted(name for name in folders if (hidden or not name.startswith(".")) and real not in seen)
        if real not in seen:
            yield from (Path(place, name) for name in sorted((*folders, *files)) if hidden or not name.startswith("."))
        if place[len(top) :].count(os.sep) >= deepest:
            folders[:] = []
        seen.add(real)
