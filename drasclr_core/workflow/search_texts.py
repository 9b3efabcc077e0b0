"""The texts of a built book in one file, for the search of a book that is opened without a server."""

from __future__ import annotations

import json
from pathlib import Path

from bs4 import BeautifulSoup, Tag

FILE = Path("_static") / "page_texts.js"
_NO_TEXT = "script, style, img, svg, iframe, .scene, .headerlink, details.above-input, .made-by, mjx-container"


def write_search_texts(book: Path) -> Path:
    """Writes `FILE` into a built book: for each page its text, with the ids of its sections, by which hits find it.

    Returns the file. Pages without an article, such as the search page, are left out.
    """
    texts = {}
    for page in sorted(book.rglob("*.html")):
        article = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find("article")
        if article:
            for part in article.select(_NO_TEXT):
                part.decompose()
            texts[page.relative_to(book).with_suffix("").as_posix()] = f'<div role="main">{_plain(article)}</div>'
    file = book / FILE
    file.write_text(f"window.pageTexts = {json.dumps(texts, ensure_ascii=False)};\n", encoding="utf-8")
    return file


def _plain(part: Tag) -> str:
    """The text of a section in its own tag, that of the sections in it in theirs."""
    for term in part.select("dt[id]"):  # a glossary's, which hits find too
        meaning = term.find_next_sibling("dd")
        term.name = "section"
        term.extend(meaning.extract().contents if meaning else [])
    inner = [one.extract() for one in part.find_all("section") if one.find_parent("section") in (None, part)]
    text = " ".join(part.get_text(" ").split()).replace("&", "&amp;").replace("<", "&lt;")
    name = f' id="{part["id"]}"' if part.get("id") else ""
    return f"<section{name}>{text} {' '.join(map(_plain, inner))}</section>"
