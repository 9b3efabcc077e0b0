"""One page for what a notebook gave several times, for two cohorts or methods: text once, results under tabs.

The tabs are radio buttons, and a rule of ``custom.css`` hides what was not chosen, so that they work without scripts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import nbformat
from markupsafe import escape
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from drasclr_core.workflow.opening import DETAILS, PARAMETERS

MOST = 6
"""Tabs for which ``custom.css`` has rules."""
STAMP = "provenance-stamp"
_GIVEN = {"parameters", "injected-parameters"}
_PARAMETERS = re.compile(r"::::\{dropdown\} Parameters of this page.*?\n::::(?=\n|$)", re.DOTALL)


def twin_pages(pages: Mapping[str, NotebookNode]) -> dict[str, str]:
    """Returns the page that takes in each further page of the same notebook, by its name.

    That is the notebook's first page, if all their code is alike: a page of an older notebook stays one of its own.

    Parameters
    ----------
    pages : mapping of str to NotebookNode
        By name (see `page_names`), first pages before the others.
    """
    found = {}
    for name, page in pages.items():
        first = name.partition("-")[0]
        room = list(found.values()).count(first) < MOST - 1
        if name != first and first in pages and room and _same_code(pages[first], page):
            found[name] = first
    return found


def together(first: NotebookNode, others: Mapping[str, NotebookNode], label: str) -> NotebookNode:
    """Returns the page `first`, changed in place, with the results of the others under tabs.

    Parameters
    ----------
    first : NotebookNode
        Its text and code stay, its results come under the first tab.
    others : mapping of str to NotebookNode
        Pages with the same code, by the label of their tab.
    label : str
        Of the first tab.
    """
    cells, labels = [], [label, *others]
    results = [{cell.id: cell for cell in page.cells if cell.cell_type == "code"} for page in others.values()]
    for cell in first.cells:
        cells.append(cell)
        if cell.cell_type == "markdown":
            cells += _markdown_twins(cell, others)
            continue
        if _GIVEN & set(cell.metadata.get("tags", [])):
            continue
        copies = [_copy(own[cell.id], number) for number, own in enumerate(results, 1) if cell.id in own]
        if cell.outputs or any(copy.outputs for copy in copies):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "twin-0"]
            cells += [copy for copy in copies if copy.outputs]
    cells[0].source, _, rest = cells[0].source.partition("\n")
    lead = [new_markdown_cell(rest.strip(), id="twins-lead")] if rest.strip() else []
    cells[1:1] = [new_markdown_cell(_bar(labels), id="twins"), *lead]
    first.cells = cells
    return first


def lead_to_first(page: NotebookNode, twins: Mapping[str, str]) -> None:
    """Turns links to pages that others have taken in (`twin_pages`) into links to those, in place."""

    def first(link: re.Match) -> str:
        return f"]({twins.get(f'notebooks/{link[1]}', link[1]).removeprefix('notebooks/')}.ipynb"

    for cell in page.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\(([\w-]+)\.ipynb", first, cell.source)


def _same_code(first: NotebookNode, other: NotebookNode) -> bool:
    own, there = _code(first), _code(other)
    return bool(there) and there.items() <= own.items()


def _code(page: NotebookNode) -> dict[str, str]:
    code = [cell for cell in page.cells if cell.cell_type == "code"]
    return {cell.get("id"): cell.source for cell in code if not _GIVEN & set(cell.metadata.get("tags", []))}


def _copy(cell: NotebookNode, number: int) -> NotebookNode:
    copy = nbformat.from_dict(cell)
    copy.id, copy.execution_count = f"{cell.id}-{number}", None
    tags = [tag for tag in copy.metadata.get("tags", []) if not tag.startswith(("hide-", "remove-"))]
    copy.metadata["tags"] = [*tags, "remove-input", f"twin-{number}"]
    for output in copy.outputs:  # a page holds a name once
        data = output.get("data", {})
        if "text/html" in data:
            data["text/html"] = re.sub(r'(<figure\b[^>]*\bid="[\w.-]+)"', rf'\1-{number}"', data["text/html"])
    return copy


def _markdown_twins(cell: NotebookNode, others: Mapping[str, NotebookNode]) -> list[NotebookNode]:
    """What the others were given, below the details, and what made them, at the end."""
    if cell.get("id") == STAMP:
        stamps = [(name, one.source) for name, page in others.items() for one in page.cells if one.get("id") == STAMP]
        return [new_markdown_cell(f"{name[:1].upper()}{name[1:]}. {source}", id=f"{STAMP}-{number}")
                for number, (name, source) in enumerate(stamps, 1)]  # fmt: skip
    if cell.get("id") not in (DETAILS, PARAMETERS):
        return []
    found = []
    for number, (name, page) in enumerate(others.items(), 1):
        texts = [one.source for one in page.cells if one.cell_type == "markdown"]
        table = next(filter(None, map(_PARAMETERS.search, texts)), None)
        if table:
            text = table[0].replace("Parameters of this page", f"Parameters of {name}", 1)
            found.append(new_markdown_cell(text, id=f"{PARAMETERS}-{number}"))
    return found


def _bar(labels: list[str]) -> str:
    """Radio buttons; each carries the place of its tab and its own name, by which a script keeps the choice."""
    buttons = []
    for number, label in enumerate(map(escape, labels)):
        about = f'type="radio" name="twin" id="twin-{number}" data-name="{label}"{"" if number else " checked"}'
        buttons.append(f"<label><input {about}><span>{label}</span></label>")
    return f'<div class="twins" role="radiogroup" aria-label="Results shown">{"".join(buttons)}</div>'
