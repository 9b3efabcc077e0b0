"""Work that is done once and kept: how a piece is recognised when nothing it depends on has changed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable
from glob import escape
from pathlib import Path

from drasclr_core.files import read_json, to_json, write_json
from drasclr_core.folders import walk

DETACHED = (".mhd", ".nhdr")
"""Kinds of headers whose voxels lie in another file."""
LONGEST_HEADER = 2**20
_DATA_FILE = re.compile(rb"^(?:ElementDataFile *=|data ?file:)([^\r\n]*)", re.MULTILINE | re.IGNORECASE)


def fingerprint(**inputs) -> str:
    """Returns twelve hex digits that change when any of the `inputs` (anything JSON can hold) changes."""
    return hashlib.sha256(to_json(inputs).encode()).hexdigest()[:12]


def file_fingerprint(path: str | Path, counts: Callable[[Path], bool] | None = None) -> str:
    """Returns twelve hex digits of a file's content (a folder: of its files' places and contents).

    Of a header whose voxels lie in a file of their own (MetaImage, NRRD) both count.

    Parameters
    ----------
    path : path
    counts : callable, optional
        Which files of a folder count, by their place in it; by default all.
    """
    path, digest = Path(path), hashlib.sha256()
    for file in _files(path):
        if counts and not counts(file.relative_to(path)):
            continue
        digest.update(file.relative_to(path).as_posix().encode() if path.is_dir() else b"")
        if file.is_file():  # whoever opens a pipe waits for ever
            with file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()[:12]


def remembered_fingerprint(path: str | Path, known: dict) -> dict[str, str]:
    """Returns `file_fingerprint`, and reads a file again only if its place, size or time of change are others.

    A scan is large, and every run asks for it. A file that was only touched is read again, and its fingerprint stays.

    Parameters
    ----------
    path : path
        A file or a folder that exists.
    known : dict
        What this function returned for it the last time; ``{}`` at first.

    Returns
    -------
    dict
        ``seen``: twelve hex digits of places, sizes and times of change; ``content``: of places and contents.
    """
    path = Path(os.path.abspath(path))
    files = _files(path)
    states = [
        (str(file), state.st_size, state.st_mtime_ns) for file, state in zip(files, map(os.stat, files), strict=True)
    ]
    seen = fingerprint(states=states)
    if known.get("seen") == seen:
        return {"seen": seen, "content": known["content"]}
    return {"seen": seen, "content": file_fingerprint(path)}


def _files(path: Path) -> list[Path]:
    """The files of a folder and of those below, in order, behind links too; or the file, and its voxels beside it."""
    if path.is_dir():
        return sorted(file for file in walk(path, hidden=True) if file.is_file())
    return [path, *_voxel_files(path)]


def _voxel_files(path: Path) -> list[Path]:
    """What lies beside a header whose voxels are in a file, or files, of their own; none for any other file."""
    if path.suffix.lower() not in DETACHED or not path.is_file():
        return []
    with path.open("rb") as stream:
        named = _DATA_FILE.search(stream.read(LONGEST_HEADER))
    name = named[1].decode(errors="replace").strip().strip('"') if named else ""
    if name.upper() == "LOCAL":
        return []
    if name and (path.parent / name).is_file():
        return [path.parent / name]
    # A list or a pattern of names: all that is called as the header is.
    return sorted(file for file in path.parent.glob(f"{escape(path.stem)}*") if file.is_file() and file != path)


def is_done(folder: str | Path, piece: str, key: str) -> bool:
    """Returns whether `piece` of this folder was finished with inputs of this `key` (see `mark_done`)."""
    return read_json(Path(folder) / f".{piece}.json").get("key") == key


def mark_done(folder: str | Path, piece: str, key: str, **facts) -> None:
    """Notes that `piece` of this folder is finished; call it after the piece's files are in place."""
    write_json(Path(folder) / f".{piece}.json", {"key": key, **facts})


def kept(folder: str | Path, piece: str, key: str, make: Callable[[], dict | None], files: Iterable[Path] = ()) -> dict:
    """Returns the facts of a piece of work that is done once and kept.

    Parameters
    ----------
    folder : path
        Where it is noted that the piece is done (see `mark_done`).
    piece : str
        Its name in this folder.
    key : str
        Changes with everything that the piece depends on (see `fingerprint`).
    make : callable
        Does the work, puts its files in place and returns facts that JSON can hold, or None. Called unless the piece
        was finished with this key.
    files : iterable of path
        That the piece leaves behind; where one is gone, the piece is made again.

    Returns
    -------
    dict
        What `make` returned, now or then.
    """
    if not (is_done(folder, piece, key) and all(Path(file).exists() for file in files)):
        # Killed in the middle, the piece has files of two keys: until it is made, it counts as done for neither.
        (Path(folder) / f".{piece}.json").unlink(missing_ok=True)
        mark_done(folder, piece, key, **(make() or {}))
    facts = read_json(Path(folder) / f".{piece}.json")
    return {name: value for name, value in facts.items() if name != "key"}
