"""Pieces of HTML on a page: in the page's own colours, tables that fold, links that save files."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from drasclr_core.evaluate.table import DRAWS
from drasclr_core.report.style import with_minus
from drasclr_core.report.templates import render


def bare(html: str) -> Markup:
    """Returns the HTML with the page's text colour and no plate behind it; tables in it are left-aligned."""
    return render("bare.html", content=_plain(html))


def folded(table: pd.DataFrame, summary: str, opened: bool = False) -> Markup:
    """Returns a table, one line to a row, that a click on its `summary` opens; `opened` shows it at first."""
    content = _plain(table.to_html(border=0, classes="one-line", index_names=False))
    return render("folded.html", content=content, summary=summary, opened=opened)


def titled(table: pd.DataFrame | str, caption: str, digits: Mapping[str, int] | None = None) -> Markup:
    """Returns a table with its caption. A book numbers it.

    Parameters
    ----------
    table : DataFrame or str
        The table, or its HTML. An index that only counts the rows is not shown, long texts are shown whole, and what is
        missing is a dash.
    caption : str
        What it says, or at least what its rows and columns are.
    digits : mapping, optional
        Column -> decimals of its numbers; a column that the table lacks is passed over.
    """
    html = _html(table, digits or {}) if isinstance(table, pd.DataFrame) else str(table)
    before, tag, after = html.partition("<table")
    inside, end, rest = after.partition(">")
    said = Markup("<caption>{}</caption>").format(with_minus(caption))
    return Markup(before + tag + inside + end) + said + Markup(rest)


def csv_links(*files: str | Path) -> Markup:
    """Returns links that hold the given CSV files themselves and save them under their own names.

    Draws of a bootstrap get none (see `DRAWS`).

    Raises
    ------
    FileNotFoundError
        A file has not been written.
    """
    offered = [Path(file) for file in files if not Path(file).name.endswith(DRAWS)]
    content = [(file.name, base64.b64encode(file.read_bytes()).decode()) for file in offered]
    return render("csv_links.html", files=content)


def _html(table: pd.DataFrame, digits: Mapping[str, int]) -> str:
    written = {
        name: [with_minus(f"{value:,.{count}f}") if pd.notna(value) else "–" for value in table[name]]
        for name, count in digits.items()
        if name in table
    }
    counted = isinstance(table.index, pd.RangeIndex) and table.index.name is None
    with pd.option_context("display.max_colwidth", None):
        return table.assign(**written).to_html(border=0, index=not counted, na_rep="–")


def _plain(html: str) -> Markup:
    """The HTML without the class by which pandas lets the theme align and frame its tables."""
    return Markup(str(html).replace('class="dataframe', 'class="'))
