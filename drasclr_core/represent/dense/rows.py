"""Rows of numbers kept in memory, or streamed to disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import zarr

from drasclr_core.files import atomic

CHUNK = 4096  # rows that are compressed, written and read together


def collect(parts: Iterable[np.ndarray], points: np.ndarray, width: int, out: str | Path | None,
            attributes: dict) -> np.ndarray | zarr.Array:  # fmt: skip
    """Joins parts, each float32 [n, width], to one row for each of the points int32 [N, 3].

    The rows stay in memory where `out` is None. Else they are written to a Zarr group with these attributes and the
    arrays ``features`` and ``points``, a few thousand at a time; the group gets the name `out` when it is complete.
    """
    shape = (len(points), width)
    if out is None:
        array = np.empty(shape, dtype=np.float32)
        _write(array, parts)
        return array
    with atomic(out) as temporary:
        group = zarr.create_group(temporary, attributes=attributes)
        group.create_array("points", data=points)
        array = group.create_array("features", shape=shape, chunks=(CHUNK, width), dtype="float32")
        _write(array, _joined(parts))
    return zarr.open_group(out, mode="r")["features"]


def _write(array: np.ndarray | zarr.Array, parts: Iterable[np.ndarray]) -> None:
    start = 0
    for part in parts:
        array[start : start + len(part)] = part
        start += len(part)


def _joined(parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The same rows, `CHUNK` at a time."""
    waiting, count = [], 0
    for part in parts:
        waiting.append(part)
        count += len(part)
        if count >= CHUNK:
            rows = np.concatenate(waiting)
            whole = count // CHUNK * CHUNK
            yield rows[:whole]
            waiting, count = [rows[whole:]], count - whole
    if count:
        yield np.concatenate(waiting)
