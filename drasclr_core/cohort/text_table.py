"""Text tables that somebody else wrote: of subjects, labels, boxes, features."""

from __future__ import annotations

import csv
from collections.abc import Container
from pathlib import Path
from typing import Any

import pandas as pd

SEPARATORS = ",;\t"
"""Between the cells of a table; spreadsheets of some languages write semicolons, and numbers with a comma."""
_WITH_COMMA = r"\s*[-+]?\d+(,\d+)?\s*"


def read_table(
    path: Path, dtype: Any = None, separators: str = SEPARATORS, wanted: Container[str] = (), replace: bool = False,
    numbers: Container[str] = (), numbered: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Reads a text table with a header line, from a file that may have a byte order mark and spaces after separators.

    Parameters
    ----------
    path : path
    dtype : dtype or dict
        As in `pandas.read_csv`; names without spaces round them.
    separators : str
        The first of these that the header has separates the cells.
    wanted : container of str
        Names of the columns to read; empty: all.
    replace : bool
        Whether bytes that are not UTF-8 are replaced rather than refused.
    numbers : container of str
        Columns of numbers by their name, in which a cell is one whatever the others hold.
    numbered : bool
        Whether the index is the number of each row in the file, the header being row 1, rather than counted from 0.

    Returns
    -------
    DataFrame
        Spaces round the names of the columns are gone, and so are empty rows. Where no comma separates cells, numbers
        may have a decimal comma.

    Raises
    ------
    ValueError
        It is no such table, or a row has more cells than the header: all after one too many would be read one off.
    """
    errors = "replace" if replace else "strict"
    try:
        with path.open(encoding="utf-8-sig", errors=errors, newline="") as file:
            header = file.readline()
            separator = next((one for one in separators if one in header), ",")
            file.seek(0)
            names = _check_cells(path, file, separator)
        # Without index_col=False a file with a separator at the end of every row would be read shifted by one column.
        table = pd.read_csv(path, sep=separator, index_col=False, dtype=_raw(dtype, names), encoding="utf-8-sig",
                            encoding_errors=errors, skipinitialspace=True, skip_blank_lines=False,
                            usecols=(lambda name: name.strip() in wanted) if wanted else range(len(names)))  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, csv.Error) as error:
        problem = " ".join(str(error).split())
        raise ValueError(f"{path.name}: not a table ({problem}). Save it as comma-separated text in UTF-8.") from error
    table = table.rename(columns=str.strip).dropna(how="all")
    if table.columns.duplicated().any():
        twice = table.columns[table.columns.duplicated()][0]
        raise ValueError(f"{path.name}: two columns are called {twice!r}. Rename one of them.")
    table = table.set_axis(table.index + 2) if numbered else table.reset_index(drop=True)
    return table if separator == "," or dtype is str else _with_commas(table, dtype or {}, numbers)


def _raw(dtype: Any, names: list[str]) -> Any:
    """Types by the names of the columns as the header has them, spaces included."""
    return {name: dtype[name.strip()] for name in names if name.strip() in dtype} if isinstance(dtype, dict) else dtype


def _with_commas(table: pd.DataFrame, typed: Container[str], numbers: Container[str]) -> pd.DataFrame:
    """Columns that nobody typed and whose cells are all numbers, with a decimal comma or none, as numbers.

    In those called `numbers` a cell that is one has a point for its comma, whatever the others hold.
    """
    for name in table.select_dtypes(["object", "string"]):
        is_number = table[name].astype(str).str.fullmatch(_WITH_COMMA) & table[name].notna()
        if name not in typed and is_number.any() and (is_number | table[name].isna()).all():
            table[name] = pd.to_numeric(table[name].str.replace(",", "."))
        elif name in numbers:
            table[name] = table[name].where(~is_number, table[name].str.replace(",", "."))
    return table


def _check_cells(path: Path, lines, separator: str) -> list[str]:
    """The header's cells; ValueError where a row has more that are not empty, or swallows the rows behind it."""
    rows = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    header, suspected = next(rows, []), 0
    width = len(header)
    for number, row in enumerate(rows, start=2):
        if any(line.count(separator) >= max(width - 1, 1) for cell in row for line in cell.split("\n")[1:]):
            suspected = suspected or number
        if any(cell.strip() for cell in row[width:]):
            problem = f"row {number} has {len(row)} cells and the header {width}"
            raise ValueError(f"{path.name}: {problem}. Put text with {separator!r} in quotes, or name the column.")
    if suspected and not _quotes_close(lines, separator):
        problem = f"row {suspected}: a quote is opened and not closed"
        raise ValueError(f"{path.name}: {problem}, and would swallow the rows after it. Close or remove it.")
    return header


def _quotes_close(lines, separator: str) -> bool:
    """Whether a separator or the end of a row follows each quoted cell: where a quote was forgotten, it does not."""
    lines.seek(0)
    try:
        for _ in csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True):
            pass
    except csv.Error:
        return False
    return True
