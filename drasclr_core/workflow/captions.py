"""Figures and tables of a page get numbers, captions, and links to what made them: code, commit and CSV file."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup
from nbformat import NotebookNode

from drasclr_core.evaluate.table import DRAWS
from drasclr_core.report.style import with_minus
from drasclr_core.report.tables.tidy import csv_address, soup, table_csv, tidy_table
from drasclr_core.report.templates import render
from drasclr_core.workflow.stages import notebook_of

LONGEST = 260
"""Characters of a caption; what goes on after its first sentence is folded."""
SHORTEST = 30
"""Characters that a caption has at least where it is the beginning of a text: ``Left`` and a colon say nothing."""
DATA = "_static/data"
"""Where a book keeps the CSV files that its figures link to, in a folder for each run."""
_PICTURE = re.compile(
    r"\s*(?:<figure>)?<img [^>]*?src=\"data:image/[^>]*>(?:<figcaption>(?P<said>.*?)</figcaption></figure>)?\s*",
    re.DOTALL,
)
_ALT = re.compile(r'<img [^>]*?alt="([^"]*)"')
_CSV = re.compile(r"[\w{}]+\.csv")
_SAVED = re.compile(r'download="([\w.-]+\.csv)"')
_COMMIT = re.compile(r"code `([0-9a-f]{7,40})`")
_SENTENCE = re.compile(r"[^*_$`\[\]{}<>:#\n]{8,160}?\.(?=\s|$)")
_VERB = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|may|must|should|would|will|does|do|count|shows?|says?|lies?|holds?|gives?|means?)\b"
)
_END = re.compile(r"(?<=[a-z\d)%][.])\s+|(?<=[a-z)]):\s+")


def captioned(page: NotebookNode, notebook: Path, source: Path) -> NotebookNode:
    """Returns an executed page, changed in place, whose figures and tables have numbers, captions and links.

    A figure's caption is its takeaway, where it has one, else the beginning of its alternative text, of which the rest
    is folded below. A table's is its ``<caption>``, what the text after it begins with, or the heading above it.
    Numbers begin with that of the notebook (*Figure 20.3*), so that they are the same in every book.

    Parameters
    ----------
    page : NotebookNode
        The executed page; its last cell says which code made it.
    notebook : Path
        Where it lies in its run: ``<run>/notebooks/<cohort>/<stage>.ipynb``.
    source : Path
        The sources of the book, into which CSV files are copied.
    """
    results, cohort = notebook.parents[2] / "results", notebook.parent.name
    commit = _COMMIT.search(page.cells[-1].source if page.cells else "")
    known = {"commit": commit[1] if commit else "", "notebook": int(notebook_of(notebook.stem).split("_")[0])}
    named = _names_of_files(page, results, cohort)
    count = {"figure": 0, "table": 0}
    for number, cell in enumerate(page.cells):
        shown = [(data, kind) for data, kind in _outputs(cell) if kind]
        for data, kind in shown:
            if kind == "figure":
                count[kind] += 1
                files = [_kept(results / name, source) for name in named[number][:2]]
                data["text/html"] = _figure(data["text/html"], known | {"place": count[kind], "files": files})
            else:
                alone = len(shown) == 1
                text = None if "<details" in data["text/html"] else ""
                if alone and text is not None and "<caption" not in data["text/html"]:
                    text = _sentence_after(page, number)
                count[kind] += text is not None
                about = known | {"place": count[kind], "offered": _SAVED.search(str(cell.outputs)) is not None}
                data["text/html"] = _table(data["text/html"], text, _heading(page, number), about)
    return page


def _outputs(cell: NotebookNode) -> Iterator[tuple[dict, str]]:
    """Outputs in HTML, and which of them is a ``figure`` or a ``table``."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        text = data.get("text/html", "")
        if _PICTURE.fullmatch(text) or ('class="scene"' in text and _ALT.search(text)):
            yield data, "figure"
        elif "<table" in text:
            yield data, "table"


def _figure(text: str, known: dict) -> str:
    alt = html.unescape(_ALT.search(text)[1]).strip()
    picture = _PICTURE.fullmatch(text)
    said, rest = (html.unescape(picture["said"]), alt) if picture and picture["said"] else _in_two(alt)
    if picture and picture["said"]:
        text = text[text.index("<img") : text.index("<figcaption>")]
    known |= {"kind": "figure", "caption": _stop(with_minus(said)), "rest": with_minus(rest)}
    return str(render("numbered.html", content=Markup(text.strip()), **known))


def _table(text: str, sentence: str | None, heading: str, known: dict) -> str:
    found = soup(text)
    for style in found.find_all("style", scoped=True):
        style.decompose()
    together, said, files = "", "", []
    for table in found.find_all("table"):
        together = tidy_table(table) or together
        if table.caption:
            said = table.caption.extract().get_text(" ", strip=True)
        files.append(("CSV", csv_address(table_csv(table))))
    if sentence is None:
        return str(found)
    caption = said or sentence or " · ".join(filter(None, [heading, together]))
    known |= {
        "kind": "table",
        "caption": _stop(with_minus(caption)),
        "rest": "",
        "files": [] if known["offered"] else files,
    }
    return str(render("numbered.html", content=Markup(found), **known))


def _in_two(alt: str) -> tuple[str, str]:
    """The caption that an alternative text gives, and the rest of it."""
    if len(alt) <= LONGEST:
        return alt, ""
    end = _END.search(alt, SHORTEST)
    return (alt[: end.start()].rstrip(":"), alt[end.end() :]) if end else (alt, "")


def _stop(text: str) -> str:
    return text if not text or text[-1] in ".?!:" else f"{text}."


def _sentence_after(page: NotebookNode, number: int) -> str:
    """What the text that follows begins with, taken away from there, if it names the table; empty if it tells of it."""
    after = page.cells[number + 1] if number + 1 < len(page.cells) else {}
    found = _SENTENCE.match(after.source) if after.get("cell_type") == "markdown" else None
    if not found or _VERB.search(found[0]):
        return ""
    after.source = after.source[found.end() :].lstrip()
    return found[0]


def _heading(page: NotebookNode, number: int) -> str:
    for cell in reversed(page.cells[:number]):
        titles = re.findall(r"^#{2,3} (.+)$", cell.source, re.M) if cell.cell_type == "markdown" else []
        if titles:
            return titles[-1].strip()
    title = re.match(r"# ([^:\n]+)", page.cells[0].source)
    return title[1].strip() if title else ""


def _names_of_files(page: NotebookNode, results: Path, cohort: str) -> list[list[str]]:
    """For each cell the CSV files in the run's results that it writes or offers, else those of its section."""
    own, sections, section = [], [], 0
    for cell in page.cells:
        section += cell.cell_type == "markdown" and bool(re.search(r"^## ", cell.source, re.M))
        sections.append(section)
        own.append(_names_in(cell, results, cohort) if cell.cell_type == "code" else [])
    return [
        found
        or list(dict.fromkeys(name for there, at in zip(own, sections, strict=True) if at == section for name in there))
        for found, section in zip(own, sections, strict=True)
    ]


def _names_in(cell: NotebookNode, results: Path, cohort: str) -> list[str]:
    offered = [
        name
        for output in cell.get("outputs", [])
        for name in _SAVED.findall(output.get("data", {}).get("text/html", ""))
    ]
    written = [name.replace("{cohort}", cohort) for name in _CSV.findall(cell.source)]
    matching = [sorted(results.glob(re.sub(r"\{\w*\}", "*", name))) for name in written]
    names = [one.name for found in matching if len(found) == 1 for one in found]  # else nothing says which
    return [
        name for name in dict.fromkeys([*offered, *names]) if (results / name).is_file() and not name.endswith(DRAWS)
    ]


def _kept(file: Path, source: Path) -> tuple[str, str]:
    """Name and address, as seen from a notebook's page, of a copy of a CSV file in the book."""
    kept = source / DATA / file.parents[1].name / file.name
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, kept)
    return file.name, f"../{kept.relative_to(source).as_posix()}"
