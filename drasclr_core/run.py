"""The run folder: where every stage reads and writes, and how it writes safely."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path


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
        return self.cohort / "anatomy" / sid

    @property
    def atlas(self) -> Path:
        return self.cohort / f"atlas{self._suffix}"

    def alignment(self, sid: str) -> Path:
        """A subject's alignment with the atlas: transform, landmarks and quality with it."""
        return alignment_folder(self.anatomy(sid), self.variant)

    @property
    def quality(self) -> Path:
        """The gallery of the cohort."""
        return self.cohort / f"quality{self._suffix}"

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
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def notebooks(self) -> Path:
        return self.folder / "notebooks"

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


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Write to a temporary name beside `path`, rename on success: a killed run leaves no half file.

    The temporary name keeps the suffixes of `path` (``.nii.gz``), because libraries choose the format by them.
    Works for a file and for a folder. On an exception nothing is left and `path` is as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    holder = Path(tempfile.mkdtemp(prefix=".tmp-", dir=path.parent))
    temporary = holder / path.name
    try:
        yield temporary
        if temporary.is_dir() and path.exists():
            shutil.rmtree(path)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def write_json(path: str | Path, content: dict) -> None:
    """Write `content` as JSON, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(to_json(content, indent=1) + "\n")


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
