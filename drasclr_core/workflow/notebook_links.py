"""Where a text says *notebook 20*, the number becomes a link to its page."""

from __future__ import annotations

import re
from collections.abc import Callable

_KEPT = re.compile(
    r"^(?P<fence>`{3,}|~{3,})(?![`~]|\{(?!code|raw|math|figure|image|mermaid|literal)).*?^(?P=fence)[ \t]*$"  # code
    r"|^#{1,6} [^\n]*|^:[\w-]+: [^\n]*"  # headings, options
    r"|(?<!`)(?P<tick>`{1,2})(?!`).*?(?<!`)(?P=tick)(?!`)"
    r"|\[[^\]]*\]\([^)]*\)|<a\b.*?</a>|<[^>\n]*>|\$[^$\n]*\$",
    re.MULTILINE | re.DOTALL,
)
_NAMED = re.compile(r"\b(?P<word>[Nn]otebooks?\s)(?P<numbers>\d\d(?:(?:, | and | or | to )\d\d)*)\b(?!\.\d|\s?%)")


def with_links(text: str, link: Callable[[str], str]) -> str:
    """Returns Markdown whose mentions of notebooks are links; code, headings and links stay as they are.

    Parameters
    ----------
    text : str
    link : callable
        Returns what stands for a number of two digits: a link, or the number itself where there is no such notebook.
    """
    pieces, end = [], 0
    for kept in _KEPT.finditer(text):
        pieces += [_linked(text[end : kept.start()], link), kept[0]]
        end = kept.end()
    return "".join([*pieces, _linked(text[end:], link)])


def _linked(text: str, link: Callable[[str], str]) -> str:
    return _NAMED.sub(
        lambda named: named["word"] + re.sub(r"\d\d", lambda number: link(number[0]), named["numbers"]), text
    )
