"""Tables as pages show them: one row of headings, digits that mean something, a CSV of each."""

from __future__ import annotations

import base64
import csv
import io
import re

from bs4 import BeautifulSoup, Tag

from drasclr_core.report.style import with_minus

OWN_FORM = ("beside-paper", "scorecard")
"""Tables with a form of their own, by the class of themselves or of what holds them."""
BIG = 1_000
"""From here on decimals of a column say nothing, and thousands are set apart."""
_FLOAT = re.compile(r"[-−]?\d+\.\d+(e[-+]?\d+)?")
_NUMBER = re.compile(
    r"[<±+\-−]?\d[\d.,]*(e[-+]?\d+)?\*?( ?%)?(( ?±| to ) ?[+\-−]?[\d.,]+ ?%?)?( ?\([^a-zA-Z]*( to [^a-zA-Z]*)?\)\*?)?"
)
_NOTHING = ("", "–", "nan", "NaN", "None", "<NA>")


def tidy_table(table: Tag) -> str:
    """Makes a table of pandas, in place, one that a page can show; returns the name of all its columns, if it has one.

    Headings stand in one row (pandas puts the names of the index into a row of their own), a counted index goes,
    columns of whole numbers lose their decimals, and columns of numbers get the class ``number``. Tables of `OWN_FORM`
    stay.
    """
    for attribute in ("border", "style"):
        del table[attribute]
    if _has_own_form(table):
        return ""
    table["class"] = list(
        dict.fromkeys([*(name for name in table.get("class", []) if name != "dataframe"), "book-table"])
    )
    for row in table.find_all("tr"):
        del row["style"]
    _drop_counted_index(table)
    together = _one_heading(table)
    for cells in _columns(table).values():
        _write_numbers(cells)
    return together


def table_csv(table: Tag) -> str:
    """Returns the text of a table as CSV; headings of several rows are joined, a cell over several rows is repeated."""
    rows = _grid(table)
    heads = len(table.thead.find_all("tr")) if table.thead else 0
    width = max((len(row) for row in rows), default=0)
    names = [
        " ".join(dict.fromkeys(filter(None, (row[k] for row in rows[:heads] if k < len(row))))) for k in range(width)
    ]
    text = io.StringIO()
    csv.writer(text).writerows([*([names] if heads else []), *rows[heads:]])
    return text.getvalue()


def csv_address(text: str) -> str:
    """Returns an address that holds a CSV text itself."""
    return "data:text/csv;charset=utf-8;base64," + base64.b64encode(text.encode()).decode()


def _has_own_form(table: Tag) -> bool:
    around = [*table.get("class", []), *(name for parent in table.parents for name in parent.get("class", []) or [])]
    return any(name in OWN_FORM for name in around)


def _text(cell: Tag) -> str:
    return cell.get_text(" ", strip=True)


def _drop_counted_index(table: Tag) -> None:
    """Takes away the first column where it only counts rows from 0, as pandas does where nobody named them."""
    body = table.tbody.find_all("tr") if table.tbody else []
    first = [row.find(["th", "td"]) for row in body]
    heads = [row.find("th") for row in (table.thead.find_all("tr") if table.thead else [])]
    counted = all(cell is not None and cell.name == "th" and _text(cell) == str(n) for n, cell in enumerate(first))
    if body and counted and not any(cell is not None and _text(cell) for cell in heads):
        for cell in [*first, *heads]:
            if cell is not None:
                cell.decompose()


def _one_heading(table: Tag) -> str:
    """Moves the names of the index into the row of headings; returns the name of the columns that stood there."""
    rows = table.thead.find_all("tr") if table.thead else []
    together = ""
    if len(rows) > 1:
        names, above = (row.find_all(["th", "td"]) for row in (rows[-1], rows[-2]))
        said = [_text(cell) for cell in names]
        count = max((number for number, text in enumerate(said, start=1) if text), default=0)
        plain = len(names) == len(above) and not any(cell.get("colspan") for cell in above)
        if plain and 0 < count < len(names):
            index = table.tbody.tr.find_all("th") if table.tbody and table.tbody.tr else []
            if count <= len(index):
                together = next((text for text in map(_text, above[: len(index)]) if text), "")
                for cell, text in zip(above, said[: len(index)], strict=False):
                    cell.string = text
                rows[-1].decompose()
                for row in rows[:-2]:  # the names of further levels of the columns
                    for cell in row.find_all("th")[: len(index)]:
                        cell.string = ""
    for row in table.thead.find_all("tr") if table.thead else []:
        if not any(_text(cell) for cell in row.find_all(["th", "td"])):
            row.decompose()
    return together


def _columns(table: Tag) -> dict[int, list[Tag]]:
    """The cells of each column: first its headings that are of this column only, then the rest."""
    columns: dict[int, list[Tag]] = {}
    for _, column, cell in _places(table):
        if not int(cell.get("colspan", 1)) > 1:
            columns.setdefault(column, []).append(cell)
    return columns


def _write_numbers(cells: list[Tag]) -> None:
    body = [cell for cell in cells if cell.find_parent("tbody")]
    values = {id(cell): _text(cell) for cell in body}
    known = [text for text in values.values() if text not in _NOTHING]
    if not known or any(cell.find(True) for cell in body) or not all(_NUMBER.fullmatch(text) for text in known):
        return
    for cell in cells:
        cell["class"] = [*cell.get("class", []), "number"]
    floats = all(_FLOAT.fullmatch(text) for text in known)
    numbers = [float(text.replace("−", "-")) for text in known] if floats else []
    whole = floats and (all(number.is_integer() for number in numbers) or max(map(abs, numbers)) >= BIG)
    for cell in body:
        text = values[id(cell)]
        if text in _NOTHING:
            cell.string = "–" if text else ""
        elif whole:
            cell.string = with_minus(f"{float(text.replace('−', '-')):,.0f}")
        else:
            cell.string = with_minus(text)


def _places(table: Tag) -> list[tuple[int, int, Tag]]:
    """Row and column at which each cell begins; cells over several rows or columns count."""
    found, taken = [], set()
    for number, row in enumerate(table.find_all("tr")):
        column = 0
        for cell in row.find_all(["th", "td"], recursive=False):
            while (number, column) in taken:
                column += 1
            found.append((number, column, cell))
            tall, wide = int(cell.get("rowspan", 1)), int(cell.get("colspan", 1))
            taken |= {(number + down, column + right) for down in range(tall) for right in range(wide)}
            column += wide
    return found


def _grid(table: Tag) -> list[list[str]]:
    cells: dict[int, dict[int, str]] = {}
    for number, column, cell in _places(table):
        for down in range(int(cell.get("rowspan", 1))):
            for right in range(int(cell.get("colspan", 1))):
                cells.setdefault(number + down, {})[column + right] = _text(cell)
    return [[row.get(column, "") for column in range(max(row) + 1)] for _, row in sorted(cells.items())]


def soup(html: str) -> BeautifulSoup:
    """Returns HTML as something to read and change."""
    return BeautifulSoup(html, "html.parser")
