"""The run folder: where every stage reads and writes, and how it writes safely."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import stat
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
WRITE_REMEDIES = {
    **dict.fromkeys(DISK_FULL, "Free space on that disk and run it again: what is finished is kept"),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS), "Get the permission to write there, or give another run or folder"
    ),
}
"""What to do about an error of the operating system."""
LEAST_FREE = 2**16
"""With fewer bytes free on a disk, a failed write counts as failed for want of space."""


def project_root(start: str | Path = ".") -> Path:
    """The nearest folder at or above `start` that holds ``_config.yml`` (so that notebooks work from any folder)."""
    start = Path(start).resolve()
    for folder in (start, *start.parents):
        if (folder / "_config.yml").exists():
            return folder
    return start


class Run:
    """Paths of one run (``runs/<name>``), of one cohort in it, and of one of the cohort's atlases.

    Parameters
    ----------
    name : str
        Name of the run, or a path to a run folder anywhere (anything that contains a path separator).
    cohort : str
        Name of the cohort inside the run, ``copd`` or ``covid`` in the presets.
    variant : str
        Name of another atlas of the cohort: its `atlas`, every `alignment` with it, and the `patches` lie beside those
        of the main atlas, which is meant by an empty text.

    Raises
    ------
    ValueError
        The variant is not letters, digits and _.
    """

    def __init__(self, name: str, cohort: str = "copd", variant: str = ""):
        is_path = os.sep in str(name)
        self.folder = Path(name) if is_path else project_root() / "runs" / str(name)
        self.name = self.folder.name
        self.cohort_name = str(cohort)
        if variant and not re.fullmatch(r"\w+", str(variant)):
            raise ValueError(f"The name of an atlas is letters, digits and _, not {variant!r}.")
        self.variant = str(variant)
        self._suffix = f"-{variant}" if variant else ""

    @property
    def cohort(self) -> Path:
        return self.folder / self.cohort_name

    @property
    def subjects(self) -> Path:
        return self.cohort / "cohort" / "subjects.parquet"

    @property
    def images(self) -> Path:
        return self.cohort / "cohort" / "images"

    @property
    def truth(self) -> Path:
        return self.cohort / "cohort" / "truth"

    def anatomy(self, sid: str) -> Path:
        return self.anatomy_folder / sid

    @property
    def atlas(self) -> Path:
        return self.cohort / f"atlas{self._suffix}"

    def alignment(self, sid: str) -> Path:
        """A subject's alignment with the atlas: transform, landmarks and quality with it."""
        return alignment_folder(self.anatomy(sid), self.variant)

    @property
    def registration(self) -> Path:
        """The table of the cohort's alignments."""
        return self.results / f"registration_{self.cohort_name}{self._suffix}.csv"

    @property
    def patches(self) -> Path:
        return self.cohort / f"patches{self._suffix}.zarr"

    def pretrain(self, method: str = "drasclr") -> Path:
        return self.cohort / "pretrain" / method

    def features(self, method: str = "drasclr") -> Path:
        return self.cohort / "features" / method

    @property
    def anatomy_folder(self) -> Path:
        return self.cohort / "anatomy"

    @property
    def gallery(self) -> Path:
        return self.cohort / f"quality{self._suffix}" / "index.html"

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def notebooks(self) -> Path:
        return self.folder / "notebooks"

    @property
    def boxes(self) -> Path:
        """The annotator's boxes, a CSV file."""
        return self.cohort / "cohort" / "boxes.csv"

    @property
    def box_patches(self) -> Path:
        return self.cohort / "boxes"

    @property
    def efficiency(self) -> Path:
        return self.cohort / "efficiency"

    def detectors(self, method: str) -> Path:
        return self.cohort / "detectors" / method

    def detector(self, method: str, subtype: str, fold: int) -> Path:
        return self.detectors(method) / f"{subtype}-{fold}"

    def maps(self, method: str) -> Path:
        return self.cohort / "maps" / method

    def map_file(self, method: str, sid: str, subtype: str, mask: bool = False) -> Path:
        """The probability map of one subject and subtype, or its mask."""
        return self.maps(method) / f"{sid}-{subtype}{'-mask' if mask else ''}.nii.gz"

    def __repr__(self) -> str:
        return f"Run({self.name!r}, cohort={self.cohort_name!r}, variant={self.variant!r})"


def alignment_folder(anatomy: Path, variant: str) -> Path:
    """Returns the folder of the alignment with a variant of the atlas, of the subject with this folder of anatomy."""
    return anatomy / f"atlas-{variant}" if variant else anatomy


def existing_run(name: str, cohort: str = "copd", variant: str = "") -> Run:
    """Returns a run that has been started; FileNotFoundError with the nearest name where there is none."""
    run = Run(name, cohort, variant)
    if not run.folder.is_dir():
        names = sorted(path.name for path in run.folder.parent.glob("[!.]*/"))
        close = get_close_matches(run.name, names, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"There is {', '.join(names) or 'none'}."
        raise FileNotFoundError(f"No run {run.name!r} in {run.folder.parent.name}/. {hint}")
    return run


class NotWritableError(OSError):
    """A file of a run cannot be written; the message names it, the problem and the remedy."""


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Gives a temporary name beside `path` to write to, and renames it on success: a killed run leaves no half file.

    The temporary name keeps the suffixes of `path` (``.nii.gz``), because libraries choose the format by them.
    Works for a file and for a folder. On an exception nothing is left and `path` is as it was. What is written gets the
    mode that a new folder gets there (umask, group), whatever library wrote it: a run can be shared.

    Raises
    ------
    NotWritableError
        The disk is full, or the folder may not be written to.
    """
    path = Path(path)
    holder = path.parent / f".tmp-{uuid.uuid4().hex}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        holder.mkdir()
    except OSError as error:
        if error.errno in WRITE_REMEDIES:
            raise _not_writable(path, error.errno) from error
        raise
    temporary = holder / path.name
    try:
        yield temporary
        _open_to_readers(temporary, stat.S_IMODE(holder.stat().st_mode))
        if temporary.is_dir() and path.exists():
            shutil.rmtree(path)
        os.replace(temporary, path)
    except Exception as error:
        if _disk_is_full(path.parent, error):
            raise _not_writable(path, errno.ENOSPC) from error
        raise
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def _open_to_readers(written: Path, mode: int) -> None:
    """Sets the mode of a file, or of a folder and all in it, to that of a new folder."""
    for path in (written, *(written.rglob("*") if written.is_dir() else ())):
        if not path.is_symlink():
            with suppress(PermissionError):  # a disk without modes of its own
                path.chmod(mode if path.is_dir() else mode & 0o666)


def _disk_is_full(folder: Path, error: Exception) -> bool:
    """Whether this is why something could not be written; some libraries raise errors of their own then."""
    said = getattr(error, "errno", None) in DISK_FULL or os.strerror(errno.ENOSPC) in str(error)
    return said or shutil.disk_usage(folder).free < LEAST_FREE


def _not_writable(path: Path, number: int) -> NotWritableError:
    return NotWritableError(
        f"{path.parent.name}/{path.name}: cannot be written ({os.strerror(number)}). {WRITE_REMEDIES[number]}."
    )


def write_json(path: str | Path, content: dict) -> None:
    """Write `content` as JSON, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(to_json(content, indent=1) + "\n")


def write_csv(path: str | Path, table: DataFrame) -> None:
    """Write a table as CSV without its index, atomically."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False)


def to_json(content: dict, indent: int | None = None) -> str:
    """JSON with sorted keys, in which NumPy arrays and scalars are lists and numbers and a path is its last name."""
    return json.dumps(content, indent=indent, sort_keys=True, default=_plain)


def read_json(path: str | Path) -> dict:
    """Read a JSON object; a missing file is an empty one."""
    path = Path(path)
    return json.loads(path.read_text()) if path.exists() else {}


def fingerprint(**inputs) -> str:
    """Twelve hex digits that change when any of the `inputs` (anything JSON can hold) changes."""
    return hashlib.sha256(to_json(inputs).encode()).hexdigest()[:12]


def file_fingerprint(path: str | Path) -> str:
    """Twelve hex digits of a file's content (a folder: of its files' names and contents)."""
    path, digest = Path(path), hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            digest.update(file.name.encode() if path.is_dir() else b"")
            with file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()[:12]


def remembered_fingerprint(path: str | Path, known: dict) -> dict[str, str]:
    """`file_fingerprint`, without reading what is as it was when it was read last.

    A scan is large and is asked for again by every run; its place, size and time of change take no reading. A file that
    was only touched is read again, and its fingerprint stays the same.

    Parameters
    ----------
    path : path
        A file or a folder that exists.
    known : dict
        What this function returned for it the last time; ``{}`` at first.

    Returns
    -------
    dict
        ``seen``: twelve hex digits of places, sizes and times of change; ``content``: of names and contents.
    """
    path = Path(os.path.abspath(path))
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    states = [
        (str(file), state.st_size, state.st_mtime_ns) for file, state in zip(files, map(os.stat, files), strict=True)
    ]
    seen = fingerprint(states=states)
    if known.get("seen") == seen:
        return {"seen": seen, "content": known["content"]}
    return {"seen": seen, "content": file_fingerprint(path)}


def is_done(folder: str | Path, piece: str, key: str) -> bool:
    """Whether `piece` of this folder was finished with inputs of this `key` (see `mark_done`)."""
    return read_json(Path(folder) / f".{piece}.json").get("key") == key


def mark_done(folder: str | Path, piece: str, key: str, **facts) -> None:
    """Note that `piece` of this folder is finished; call it after the piece's files are in place."""
    write_json(Path(folder) / f".{piece}.json", {"key": key, **facts})


def kept(folder: str | Path, piece: str, key: str, make: Callable[[], dict | None], files: Iterable[Path] = ()) -> dict:
    """The facts of a piece of work that is done once and kept.

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
        mark_done(folder, piece, key, **(make() or {}))
    facts = read_json(Path(folder) / f".{piece}.json")
    return {name: value for name, value in facts.items() if name != "key"}


def _plain(value):
    """JSON for NumPy scalars, arrays and paths."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path):
        return value.name
    raise TypeError(f"{type(value).__name__} is not JSON")
