"""Names that people type: a wrong one is refused, and the nearest right one is named."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest_of(name: str, known: Iterable[str]) -> str:
    """Returns the end of a message about an unknown `name`: the most similar of the known ones, or all of them."""
    known = list(known)
    near = difflib.get_close_matches(str(name), known, 1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known) or 'none'}."


def refuse_unknown(given: Iterable[str], known: Iterable[str], what: str) -> None:
    """Raises ValueError for the first name in `given` that is not `known`.

    Parameters
    ----------
    given, known : iterable of str
    what : str
        What the names are of, for the message: ``There is no <what> 'epchs': did you mean 'epochs'?``
    """
    known = list(known)
    for name in given:
        if name not in known:
            raise ValueError(f"There is no {what} {name!r}: {nearest_of(name, known)}")
