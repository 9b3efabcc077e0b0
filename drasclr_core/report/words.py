"""Words of sentences that are made from numbers."""

from __future__ import annotations

from collections.abc import Sequence


def listed(words: Sequence[str]) -> str:
    """Returns ``a, b and c``; empty for no words."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
