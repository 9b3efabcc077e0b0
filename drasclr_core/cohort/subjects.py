"""The subject table of a cohort: who is in it, where the image is, what is known about the subject."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from drasclr_core.files import write_parquet
from drasclr_core.run import Run

SAFE_SID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""Subject identifiers become folder names on every file system."""
SHOWN = 5
"""So many bad rows are named in one message."""


def write_subjects(run: Run, table: pd.DataFrame) -> None:
    """Writes the subject table of the run's cohort.

    Parameters
    ----------
    run : Run
    table : DataFrame
        Columns ``sid`` (unique, safe as a file name), ``image`` (a path, absolute or relative to the cohort folder) and
        any label columns. Images are stored relative to the cohort folder, so that a run can be moved with its data.

    Raises
    ------
    ValueError
        A column is missing, or a row has no image or an empty, unsafe or repeated sid; the message names the rows.
    """
    check_subjects(table, "subject table")
    images = [_relative(run, image) for image in table["image"]]
    table = table.assign(sid=table["sid"].astype(str), image=images).reset_index(drop=True)
    write_parquet(run.subjects, table)


def write_given(run: Run, table: pd.DataFrame) -> None:
    """Writes the subject table of given scans (see `write_subjects`), not simulated ones.

    If the cohort was simulated before, its truth goes: by that folder a simulated cohort is told from people.
    """
    write_subjects(run, table)
    shutil.rmtree(run.truth, ignore_errors=True)


def read_subjects(run: Run) -> pd.DataFrame:
    """Returns the subject table of the run's cohort (see `write_subjects`).

    Raises
    ------
    FileNotFoundError
        Stage 01 has not been run for this cohort.
    """
    if not run.subjects.exists():
        raise FileNotFoundError(
            f"{run.subjects.name}: no cohort {run.cohort_name!r} in run {run.name!r} yet. Run notebook 01_cohort first."
        )
    return pd.read_parquet(run.subjects)


def image_path(run: Run, image: str) -> Path:
    """Returns the image of a subject, from the ``image`` column of the subject table."""
    return run.cohort / image


def shard_of(table: pd.DataFrame, shard: int, num_shards: int) -> pd.DataFrame:
    """Returns the rows of a subject table that one of several jobs works on.

    Rows are dealt like cards, so that shards differ by at most one subject however the table is sorted, and a subject
    that is appended moves none of the others.

    Parameters
    ----------
    table : DataFrame
    shard : int
        Which part, from 0.
    num_shards : int
        Parts that the rows are dealt into; 1 gives the whole table.

    Raises
    ------
    ValueError
        There is no such shard, or more shards than subjects.
    """
    if not 1 <= num_shards <= len(table):
        raise ValueError(
            f"{num_shards} shards of {len(table)} subjects: num_shards is a number from 1 to {len(table)}."
        )
    if not 0 <= shard < num_shards:
        raise ValueError(f"no shard {shard} of {num_shards}: shards are counted from 0 to {num_shards - 1}.")
    return table.iloc[shard::num_shards].reset_index(drop=True)


def check_subjects(table: pd.DataFrame, name: str, rows: Sequence[str] | None = None) -> None:
    """Raises ValueError, naming the rows, where sids or images of a subject table cannot be used.

    Parameters
    ----------
    table : DataFrame
    name : str
        What the table is called in messages.
    rows : sequence of str, optional
        What its rows are called; "row 1" and so on by default.
    """
    for column in ("sid", "image"):
        if column not in table:
            raise ValueError(f"{name}: no column {column!r}, only {list(table)}. Add it; labels are optional.")
    if table.empty:
        raise ValueError(f"{name}: no subjects. Add one row for each scan.")
    problems, seen = [], {}
    rows = rows or [f"row {number}" for number in range(1, len(table) + 1)]
    for row, sid, image in zip(rows, table["sid"], table["image"], strict=True):
        if pd.isna(sid):
            problems.append(f"{row}: no sid (empty, or a word such as NA that stands for nothing)")
        elif not SAFE_SID.fullmatch(str(sid)):
            problems.append(f"{row}: sid {str(sid)!r} is not letters, digits, . _ -")
        elif (twin := seen.setdefault(str(sid).casefold(), row)) is not row:
            problems.append(f"{row}: sid {sid!r} is already used in {twin}")
        if pd.isna(image) or not str(image).strip():
            problems.append(f"{row}: no image")
        elif not _is_utf8(str(image)):
            problems.append(f"{row}: the image's name is not UTF-8, rename the file")
    if problems:
        more = f" (and {len(problems) - SHOWN} more)" if len(problems) > SHOWN else ""
        raise ValueError(f"{name}: " + "; ".join(problems[:SHOWN]) + more + ". Correct these rows.")


def _is_utf8(text: str) -> bool:
    """Whether the text can be written to a table; Python keeps other bytes of file names as lone surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def named(names: Iterable[str]) -> str:
    """Returns the first few names in a sentence, and how many more there are."""
    names = list(names)
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _relative(run: Run, image: str | Path) -> str:
    path = Path(image)
    if not path.is_absolute():
        return path.as_posix()
    # Links are resolved in the folders, so that ".." means the same to us and to the operating system.
    return Path(os.path.relpath(path.parent.resolve() / path.name, run.cohort.resolve())).as_posix()
