"""Files that only stand for ones that have not been fetched."""

from __future__ import annotations

from pathlib import Path

POINTERS = (b"version https://git-lfs", b"/annex/objects/")
"""How a file starts that stands for one that has not been fetched."""
FETCH = "Fetch it first (git lfs pull, git annex get, datalad get)"


def is_pointer(path: Path) -> bool:
    """Returns whether a file only stands for one that has not been fetched."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(max(map(len, POINTERS))).startswith(POINTERS)
