"""Texts without absolute paths, whose folders may name a machine, an account or a patient."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from drasclr_core.run import project_root

_BASE64 = re.compile(r"(data:[\w.+/-]+;base64,[A-Za-z0-9+/=]*(?:\n[A-Za-z0-9+/=]{20,})*|[A-Za-z0-9+/=]{200,})")
"""Pictures and arrays in a page, in which a slash is no path."""
_BEFORE = r"(?<![\w.…/+<)\]}$*%°])(?<!\}`)"
"""Before an absolute path stands nothing of a relative one, of an address, of a tag, a quotient or a MyST role."""
_START = r"(?:file://|~\w*)?/(?![\s/*>])"
_FILE_ENDS = r"\.(?:nii|gz|nrrd|mh[ad]|dcm|csv|json|parquet|xlsx|ipynb|html|md|txt|py|yaml|npy|zarr|png|jpg)[\s,.)]"
"""What ends a path in a sentence, though a slash follows."""
_FOLDER = rf"""(?:(?!{_FILE_ENDS})(?:[^/\s<>"'`|()…]|(?<=\w)'(?=\w)|(?<![:;\s])[ ](?![\s/])|\([^()/\n<>"]*\)))+"""
"""A folder's name in a text: with spaces and commas, because these may be in it as they may be between words."""
_IN_TEXT = re.compile(rf"{_BEFORE}{_START}(?P<folders>(?:{_FOLDER}/(?!/))+)(?P<more>(?=[^\s<>\"'`|,;:.)]|\.\w))?")
_IN_QUOTES = re.compile(
    rf"""(?<!\}})(?P<quote>["'`]){_START}(?P<folders>(?:(?:(?!(?P=quote))[^/<>\n\\]|\\.)+/(?!/))+)"""
    r"(?=(?P<more>(?!(?P=quote))[^/<>\n])?(?:(?!(?P=quote))[^/<>\n])*(?P=quote))"
)


def portable_text(text: str, known: Iterable[str] = ()) -> str:
    """Returns the text without absolute paths: those below the project become relative, others keep their last name.

    Parameters
    ----------
    text : str
        Of a page: words, code or HTML. Addresses of the web, quotients and pictures in base64 stay as they are.
    known : iterable of str
        Folders, absolute, that are cut whatever is in their names.
    """
    text = text.replace(f"{project_root()}/", "")
    for folder in known:
        for form in _spellings(folder):
            text = re.sub(rf"(?<![\w.…/]){re.escape(form)}(?![\w.-])", "/_/_", text)
    parts = _BASE64.split(text)
    parts[::2] = (_IN_TEXT.sub(_cut, _IN_QUOTES.sub(_cut, part)) for part in parts[::2])
    return "".join(parts)


def portable_value(value: object, known: Iterable[str] = ()) -> object:
    """Returns a parameter's value; of a text that is an absolute path its last name, or what follows the project's.

    The texts in a list or a dict, at any depth, are treated alike; other texts become `portable_text`.
    """
    if isinstance(value, Mapping):
        return {portable_value(key, known): portable_value(one, known) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [portable_value(one, known) for one in value]
    if not isinstance(value, str):
        return value
    if not _is_absolute(value):
        return portable_text(value, known)
    path = Path(value)
    return str(path.relative_to(project_root())) if path.is_relative_to(project_root()) else f"…/{path.name}"


def known_folders(parameters: Mapping[str, object]) -> list[str]:
    """Returns the folders that hold what parameters name by an absolute path, the deepest first.

    Of lists and dicts every text counts, as in `portable_value`.
    """
    paths = [Path(text) for text in _texts(parameters) if _is_absolute(text)]
    return sorted({str(path.parent) for path in paths if path.parent != path.parent.parent}, key=len, reverse=True)


def _texts(value: object) -> Iterator[str]:
    """Every text in a value: itself, or those in a list or a dict, its keys among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from chain.from_iterable(map(_texts, chain(value, value.values())))
    elif isinstance(value, (list, tuple)):
        yield from chain.from_iterable(map(_texts, value))


def _is_absolute(value: str) -> bool:
    return value.startswith("/") and len(Path(value).parts) > 1


def _spellings(folder: str) -> set[str]:
    """How a folder is written in words, in Python (papermill writes no letter but ASCII), in JSON and in HTML."""
    escaped = folder.encode("unicode_escape").decode()
    return {folder, escaped, escaped.replace('"', '\\"'), json.dumps(folder)[1:-1], repr(folder)[1:-1],
            html.escape(folder), html.escape(folder, quote=False)}  # fmt: skip


def _cut(found: re.Match) -> str:
    """An absolute path's end: with a name behind its folders nothing of them, else the last one of two or more."""
    quote = found.groupdict().get("quote") or ""
    if found["more"] is not None:
        return f"{quote}…/"
    *others, last = found["folders"].rstrip("/").split("/")
    return f"{quote}…/{last}/" if others else found[0]
