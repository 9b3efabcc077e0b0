"""Safe subject identifiers from the names of files."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from drasclr_core.cohort.subjects import named
from drasclr_core.imaging.readers import file_suffix
from drasclr_core.imaging.refusal import printable_name, without_name

LONGEST = 90
"""Letters of a name that are kept; a sid has at most 100."""


def safe_sids(scans: Sequence[Path]) -> tuple[list[str], list[str]]:
    """Returns a sid for each scan, and notes on the names that had to be changed beyond recognition.

    A sid is the file's name without its ending, accents dropped and other unsafe characters replaced by ``_``. Where
    letters are lost by this (names in Chinese, say), or two names become one, eight digits of the name's digest are
    added, so that the same name has the same sid everywhere.
    """
    stems = [_stem(scan) for scan in scans]
    plain = [_plain(stem) for stem in stems]
    counts = Counter(sid.casefold() for sid in plain)
    sids = []
    for stem, sid, scan in zip(stems, plain, scans, strict=True):
        unclear = sid != stem and (_loses_letters(stem) or counts[sid.casefold()] > 1)
        sids.append(f"{sid[:LONGEST] or 'scan'}-{_digest(scan)}" if unclear or len(sid) > LONGEST else sid)
    changed = [
        f"{printable_name(scan)}: {sid}" for scan, stem, sid in zip(scans, plain, sids, strict=True) if sid != stem
    ]
    return sids, [f"Names made safe: {len(changed)} ({named(changed)})."] if changed else []


def is_named_after(sid: str, scan: str | Path) -> bool:
    """Returns whether a sid holds the name of its scan's file, so that this name tells no more than the sid does.

    So it is for what `safe_sids` gives, and for sids that begin with it; not where somebody chose another sid, perhaps
    because the name is that of a person.
    """
    scan = Path(scan)
    stem, plain = _stem(scan), _plain(_stem(scan))
    if sid == f"{plain[:LONGEST] or 'scan'}-{_digest(scan)}":
        return True
    return not _loses_letters(stem) and sid.casefold().startswith(plain.casefold())


def told_by_sid(message: str, sid: str, scan: str | Path) -> str:
    """Returns a message about a scan (see `imaging.refusal`) that begins with the sid in place of its file's name.

    The name stays where the sid was made from it (see `is_named_after`); elsewhere it may tell who the person is.
    """
    problem = without_name(message, scan)
    return message if problem == message or is_named_after(sid, scan) else f"{sid}: {problem}"


def _stem(scan: Path) -> str:
    suffix = file_suffix(scan) or (".dcm" if scan.name.lower().endswith(".dcm") else "")
    return scan.name[: len(scan.name) - len(suffix)]


def _plain(stem: str) -> str:
    letters = unicodedata.normalize("NFKD", stem)
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[^A-Za-z0-9._-]+", "_", letters).lstrip("._-")


def _loses_letters(stem: str) -> bool:
    return any(
        letter.isalnum() and not letter.isascii() for letter in unicodedata.normalize("NFKD", stem)
    ) or not _plain(stem)


def _digest(scan: Path) -> str:
    name = unicodedata.normalize("NFC", scan.name)
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
