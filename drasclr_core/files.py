"""Writing files so that a killed run leaves no half of one, and that others of the run may read."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
        _put_in_place(temporary, path)
    except Exception as error:
        if _disk_is_full(path.parent, error):
            raise _not_writable(path, errno.ENOSPC) from error
        raise
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def _put_in_place(temporary: Path, path: Path) -> None:
    """Renames `temporary` to `path`; a folder that is there steps aside first, and comes back if that fails."""
    if not (temporary.is_dir() and path.is_dir()):
        os.replace(temporary, path)
        return
    aside = temporary.with_name(f"{temporary.name}.old")  # goes with the folder of the temporary name
    os.replace(path, aside)
    try:
        os.replace(temporary, path)
    except BaseException:
        os.replace(aside, path)
        raise


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
    """Writes `content` as JSON, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(to_json(content, indent=1) + "\n")


def write_csv(path: str | Path, table: DataFrame, float_format: str | None = None) -> None:
    """Writes a table as CSV without its index, atomically; `float_format` as ``"%.6g"``, None for all digits."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False, float_format=float_format)


def write_parquet(path: str | Path, table: DataFrame) -> None:
    """Writes a table as Parquet without its index, atomically."""
    with atomic(path) as temporary:
        table.to_parquet(temporary, index=False)


def to_json(content: dict, indent: int | None = None) -> str:
    """Returns JSON with sorted keys; NumPy arrays and scalars become lists and numbers, a path its last name."""
    return json.dumps(content, indent=indent, sort_keys=True, default=_plain)


def read_json(path: str | Path) -> dict:
    """Returns a JSON object; a missing file is an empty one."""
    path = Path(path)
    return json.loads(path.read_text()) if path.exists() else {}


def _plain(value):
    """JSON for NumPy scalars, arrays and paths."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path):
        return value.name
    raise TypeError(f"{type(value).__name__} is not JSON")
