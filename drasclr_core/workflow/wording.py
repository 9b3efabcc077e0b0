"""The paper's tables and figures are called so in a book that has numbers of its own."""

from __future__ import annotations

import re

from nbformat import NotebookNode

_KINDS = {"Table": "Table", "Tables": "Tables", "Figure": "Fig.", "Fig.": "Fig.", "Figures": "Figs.", "Figs.": "Figs."}
_NUMBER = r"(?:A\.)?\d+\b(?!\.\d)"
_ITEM = re.compile(
    r"(?P<whose>\b[Tt]he paper's (?P<its>own )?|\b[Ii]ts (?=T|F)|(?<![\w{])our )?"
    rf"(?<!Paper )\b(?P<kind>Tables?|Fig(?:ures?|s?\.))[ \u00a0](?P<first>{_NUMBER})(?P<of> of the paper\b)?"
)
_DATA = re.compile(r'(data:[^"]*)')


def paper_items(text: str) -> str:
    """Returns a text in which the paper's items are *Paper Table 2* and *Paper Fig. 3*.

    Numbers with a point, such as *Table 20.1*, are the book's own and stay.

    Examples
    --------
    >>> paper_items("How our Table 2 relates to the paper's Fig. 3, and Tables A.5 to A.7.")
    'How our Paper Table 2 relates to Paper Fig. 3, and Paper Tables A.5 to A.7.'
    """
    return _ITEM.sub(_called, text)


def page_in_words(page: NotebookNode) -> NotebookNode:
    """Returns an executed page, changed in place, with `paper_items` in its texts and in what its code has shown.

    Pages that were executed before the items had these names profit too. Data that a page holds are no text.
    """
    for cell in page.cells:
        if cell.cell_type == "markdown":
            cell.source = paper_items(cell.source)
        for data in (output["data"] for output in cell.get("outputs", []) if "data" in output):
            for kind in ("text/html", "text/markdown"):
                if kind in data and 'class="scene"' not in data[kind]:
                    parts = _DATA.split(data[kind])
                    data[kind] = "".join(part if part.startswith("data:") else paper_items(part) for part in parts)
    return page


def _called(found: re.Match) -> str:
    whose = found["whose"] if found["whose"] == "our " else ""
    return f"{whose}Paper {_KINDS[found['kind']]} {found['first']}"
