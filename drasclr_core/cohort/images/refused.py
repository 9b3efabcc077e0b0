"""One bad file stops nobody: what cannot be used is listed with its message, and the rest goes on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import pandas as pd

from drasclr_core.imaging.refusal import VolumeError, printable_name

COLUMNS = ("name", "message")
"""Of a table of what was refused: the message names the file, the problem and the remedy."""
IDENTIFIER = re.compile(r"\d+(\.\d+){5,}")
"""A DICOM identifier (UID): it can tell who the patient is, and is shown nowhere."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def refused_table(rows: Iterable[tuple[str, str]] = ()) -> pd.DataFrame:
    """Returns the table of what was refused: ``name, message``, one row each."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS))


def sort_out(
    items: Iterable[tuple[str, Item]], read: Callable[[Item], Result]
) -> tuple[dict[str, Result], pd.DataFrame]:
    """Returns what can be read, and a table of what was refused.

    Parameters
    ----------
    items : iterable of (name, item)
        Names are unique, and may be shown.
    read : callable
        From an item to a result; VolumeError refuses the item. Other errors are mistakes of ours and are raised.

    Returns
    -------
    dict
        Name -> result, in the order of the items.
    DataFrame
        ``name, message``; empty where all is well.
    """
    results, refused = {}, []
    for name, item in items:
        try:
            results[name] = read(item)
        except VolumeError as error:
            refused.append((name, without_identifiers(str(error))))
    return results, refused_table(refused)


def without_identifiers(text: str) -> str:
    """Returns a text in which every DICOM identifier is replaced by its short digest (see `public_name`)."""
    return IDENTIFIER.sub(lambda found: public_name(found[0]), text)


def public_name(identifier: str, kind: str = "uid") -> str:
    """Returns a name that may be shown for an identifier: ``uid-`` and ten digits of its digest."""
    return f"{kind}-{hashlib.sha256(identifier.encode('utf-8', 'surrogateescape')).hexdigest()[:10]}"


def name_of(path: Path) -> str:
    """Returns what a file is called in tables: its name without the ending, without DICOM identifiers."""
    stem = printable_name(path)
    ending = re.search(r"(\.nii\.gz|\.[A-Za-z]\w{1,5})$", stem)
    return without_identifiers(stem[: ending.start()] if ending else stem)
