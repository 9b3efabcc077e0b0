"""Which subjects a folder of embedded data is about: those of the last call, not what an earlier one left there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from drasclr_core.cohort.images.datasets.pairs import PairSet
from drasclr_core.files import write_csv
from drasclr_core.pieces import file_fingerprint

LIST = "subjects.csv"
"""Column ``sid``; written after the subjects' files."""


def note_made(folder: Path, sids: Sequence[str], read: Callable[[Path], PairSet]) -> PairSet:
    """Notes that these subjects of a folder are made, and returns them.

    Parameters
    ----------
    folder : path
        Holds the files of these subjects, and maybe those of others.
    sids : sequence of str
    read : callable
        Reads the folder, as `read_mmwhs` does.
    """
    write_csv(folder / LIST, pd.DataFrame({"sid": list(sids)}))
    return _only(read(folder), set(sids))


def read_made(folder: Path, read: Callable[[Path], PairSet]) -> tuple[PairSet, str]:
    """Returns the subjects that were made by the last call, and twelve hex digits that change with their files.

    Without the list of `note_made`, which older runs lack, these are all subjects of the folder.

    Parameters
    ----------
    folder : path
    read : callable
        Reads the folder, as `read_mmwhs` does.
    """
    found = read(folder)
    if not (folder / LIST).exists():
        return found, file_fingerprint(folder)
    sids = set(pd.read_csv(folder / LIST, dtype=str)["sid"])
    return _only(found, sids), file_fingerprint(folder, lambda place: _is_of(place, sids))


def _only(found: PairSet, sids: Collection[str]) -> PairSet:
    """The part of a data set that is about these subjects."""
    refused = found.refused[found.refused["name"].isin(sids)].reset_index(drop=True)
    return replace(found, pairs=[pair for pair in found.pairs if pair.sid in sids], refused=refused)


def _is_of(place: Path, sids: Collection[str]) -> bool:
    """Whether a file, or a folder that it lies in, is called after one of the subjects; marks begin with a dot."""
    names, lengths = [part.removeprefix(".") for part in place.parts], set(map(len, sids))
    return any(name[:end] in sids and name[end:][:1] in ("", "_", ".") for name in names for end in lengths)
