"""How a page opens: with its answer, or with what it teaches; what it needs, wrote and was given comes folded below."""

from __future__ import annotations

import re

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

ANSWER = "## The answer first"
_BOX = re.compile(r":::\{admonition\} This page\n:class: note\n\n(?P<content>.*?)\n:::", re.DOTALL)
_LEARN = "**What you will learn.** "
PARAMETERS, DETAILS = "parameters-table", "page-details"
"""Identifiers of cells: what a page was given, and the fold that it goes to."""


def opened(page: NotebookNode) -> NotebookNode:
    """Returns an executed page, changed in place, that opens as readers need it.

    The box *This page* and the table of parameters become one closed *Details*. It stands below the answer where the
    page has a section of that name, whose heading goes and whose code, with sentences and figure, comes before its
    text, folded; elsewhere below a lead, what the reader will learn. Code keeps its order, so that the page can still
    be run from top to bottom.
    """
    box = _BOX.search(page.cells[0].source)
    if box is None:
        return page
    tables = [cell for cell in page.cells if cell.get("id") == PARAMETERS]
    cells = [cell for cell in page.cells if cell.get("id") != PARAMETERS]
    start = next((number for number, cell in enumerate(cells) if cell.source.startswith(ANSWER)), None)
    parts, title = box["content"].split("\n\n"), [cells[0].source[: box.start()].rstrip()]
    if start is None and parts[0].startswith(_LEARN):
        title.append(parts.pop(0).removeprefix(_LEARN))
    cells[0].source = "\n\n".join([*title, *filter(None, [cells[0].source[box.end() :].strip()])])
    text = "\n\n".join([*parts, *(table.source for table in tables)])
    details = new_markdown_cell(f":::::{{dropdown}} Details: inputs, outputs, cost, parameters\n{text}\n:::::",
                                id=DETAILS)  # fmt: skip
    if start is None:
        page.cells = [cells[0], details, *cells[1:]]
        return page
    cells[start].source = cells[start].source.removeprefix(ANSWER).lstrip("\n")
    end, rest = _end_of_answer(cells, start)
    answer = cells[start + 1 : end]
    figure = next((number for number, cell in enumerate(answer) if cell.cell_type != "code"), len(answer))
    shown = [*cells[:start], *answer[:figure], cells[start], *answer[figure:]]
    for cell in (cell for cell in shown if cell.cell_type == "code"):
        cell.metadata["tags"] = list(dict.fromkeys([*cell.metadata.get("tags", []), "hide-input"]))
    page.cells = [*(cell for cell in shown if cell.source.strip()), details, *rest]
    return page


def _end_of_answer(cells: list[NotebookNode], start: int) -> tuple[int, list[NotebookNode]]:
    """The number of cells up to the end of the section that begins in cell `start`, and those that follow it.

    A cell in which the next section begins is divided there.
    """
    for number in range(start, len(cells)):
        cell = cells[number]
        if cell.cell_type != "markdown":
            continue
        before, heading, after = f"\n{cell.source}".partition("\n## ")
        if heading:
            cell.source = before.strip()
            following = new_markdown_cell(f"## {after}", id=f"{cell.get('id', number)}-next")
            return number + bool(cell.source), [following, *cells[number + 1 :]]
    return len(cells), []
