"""The store of patches (x_ij of the paper), from which one landmark's batch is read at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import zarr
from filelock import FileLock
from numcodecs import blosc

from drasclr_core.files import atomic, read_json
from drasclr_core.pieces import fingerprint, mark_done

NEVER_WRITTEN = np.iinfo(np.int16).min
"""The array's fill value. Zarr leaves out chunks that hold nothing else, so it must not be air, as patches may be."""


class PatchStore:
    """A Zarr array int16 [landmark, subject, n, n, n] in which each subject is one file.

    One shard holds one subject, one chunk in it one patch. So appending a subject writes one new file, processes may
    write different subjects at the same time, and a landmark's batch needs one small piece of each subject's file.
    A subject counts as written only once its mark is in the ``written`` folder, which is made after its file.
    """

    def __init__(self, path: str | Path, threads: int = 1):
        self.path = Path(path)
        if not (self.path / "zarr.json").exists():
            raise FileNotFoundError(f"No patches in {self.path.name}: run 05_patches first.")
        self._array = zarr.open_array(self.path, mode="r+")
        self.sids: list[str] = list(self._array.attrs["sids"])
        self.spacing = float(self._array.attrs["spacing_mm"])
        self._rows = {sid: row for row, sid in enumerate(self.sids)}
        self._map = ThreadPoolExecutor(threads).map if threads > 1 else map

    @classmethod
    def create(cls, path: str | Path, sids: Sequence[str], num_landmarks: int, size: int, spacing: float) -> PatchStore:
        """Makes a store for exactly these subjects; what an earlier one of the same kind holds is kept.

        New subjects are appended. A store with other landmarks, patch or voxel sizes, or subjects that are no longer
        wanted, is replaced by an empty one. Several processes may ask for the same store at once: the first makes it,
        and who already writes is not disturbed.
        """
        path, sids = Path(path), list(sids)
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            if (path / "zarr.json").exists():
                store = cls(path)
                same = (store.num_landmarks, store.size, store.spacing) == (num_landmarks, size, spacing)
                if same and set(store.sids) <= set(sids):
                    store._append([sid for sid in sids if sid not in store._rows])
                    return cls(path)
            patch = (size, size, size)
            with atomic(path) as temporary:
                zarr.create_array(
                    temporary,
                    shape=(num_landmarks, len(sids), *patch),
                    shards=(num_landmarks, 1, *patch),
                    chunks=(1, 1, *patch),
                    chunk_key_encoding={"name": "default", "separator": "."},  # no folders round each subject's file
                    dtype="int16",
                    fill_value=NEVER_WRITTEN,
                    compressors=zarr.codecs.BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle", typesize=2),
                    dimension_names=("landmark", "subject", "x", "y", "z"),
                    attributes={"sids": sids, "unit": "HU", "spacing_mm": spacing},
                )
            return cls(path)

    @classmethod
    def open(cls, path: str | Path, threads: int = 1) -> PatchStore:
        """Opens an existing store, whose batches are read by so many threads; FileNotFoundError where there is none.

        One thread feeds a training step on CPUs many times over; a GPU's may need more (``benchmarks/store.py``). A
        process reads the list of subjects once, as long as it stays the same: it is long, and asked for with each
        subject that is cut.
        """
        description = Path(path) / "zarr.json"
        state = description.stat() if description.exists() else None
        return _opened(Path(path), state and (state.st_ino, state.st_size, state.st_mtime_ns), threads)

    @property
    def num_landmarks(self) -> int:
        return self._array.shape[0]

    @property
    def size(self) -> int:
        """Edge of a patch in voxels, context included."""
        return self._array.shape[2]

    @property
    def written(self) -> Path:
        """The folder of the subjects' marks, one for each that is there completely (of `pieces.kept`)."""
        return self.path / "written"

    def write(self, sid: str, patches: np.ndarray) -> None:
        """Stores a subject's patches, int16 [L, n, n, n]; a killed write leaves the subject `missing`."""
        self._mark(sid).unlink(missing_ok=True)
        self._array[:, self._rows[sid]] = patches
        mark_done(self.written, sid, "")

    def missing(self) -> list[str]:
        """Returns the subjects whose patches are not there, or not completely."""
        written = set(os.listdir(self.written)) if self.written.exists() else set()
        return [sid for sid in self.sids if self._mark(sid).name not in written]

    def contents(self) -> str:
        """Changes with the patches of any subject: with its scan, its alignment, and how they were cut."""
        return fingerprint(marks={sid: read_json(self._mark(sid)).get("key") for sid in self.sids})

    def read(self, landmark: int, subjects: Sequence[str] | Sequence[int] | np.ndarray) -> np.ndarray:
        """Reads patches of one landmark, int16 [B, n, n, n], of subjects by sid or by position in `sids`.

        Raises
        ------
        KeyError
            A subject's patches are missing.
        """
        if not 0 <= landmark < self.num_landmarks:
            raise IndexError(f"landmark {landmark} of {self.num_landmarks}")
        rows = [self._rows[subject] if isinstance(subject, str) else int(subject) for subject in subjects]
        patches = np.empty((len(rows), *self._array.shape[2:]), dtype=np.int16)

        def fill(patch: np.ndarray, row: int) -> None:
            try:
                blosc.decompress(self._piece(landmark, row), patch)
            except (ValueError, RuntimeError, FileNotFoundError) as error:
                raise self._absent(self.sids[row]) from error

        for _ in self._map(fill, patches, rows):
            pass
        return patches

    def read_subject(self, sid: str) -> np.ndarray:
        """Reads all patches of a subject, int16 [L, n, n, n]; KeyError where they are missing."""
        if not self._mark(sid).exists():
            raise self._absent(sid)
        return self._array[:, self._rows[sid]]

    def _piece(self, landmark: int, row: int) -> bytes:
        """Reads the compressed patch, straight from the shard.

        A Zarr shard ends with a table of (offset, length) as little-endian uint64 and a checksum of 4 bytes. Two small
        reads per patch are twenty times as fast as the general way through Zarr, which decodes the whole table.
        """
        file = os.open(self.path / self._array.metadata.encode_chunk_key((0, row, 0, 0, 0)), os.O_RDONLY)
        try:
            table = os.fstat(file).st_size - 4 - 16 * self.num_landmarks
            if table < 0:
                raise ValueError("the file is shorter than its table")
            entry = np.frombuffer(os.pread(file, 16, table + 16 * landmark), dtype="<u8")
            offset, length = map(int, entry)
            if offset + length > table:
                raise ValueError("the table points outside the file")
            return os.pread(file, length, offset)
        finally:
            os.close(file)

    def _mark(self, sid: str) -> Path:
        return self.written / f".{sid}.json"

    def _absent(self, sid: str) -> KeyError:
        return KeyError(f"{self.path.name} has no patches of {sid} (or only a part): run 05_patches again.")

    def _append(self, sids: list[str]) -> None:
        if sids:
            self._array.resize((self.num_landmarks, len(self.sids) + len(sids), *self._array.shape[2:]))
            self._array.attrs["sids"] = [*self.sids, *sids]


@lru_cache(maxsize=1)
def _opened(path: Path, state: tuple | None, threads: int) -> PatchStore:
    return PatchStore(path, threads)
