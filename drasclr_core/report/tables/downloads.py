"""Tables that a reader can take away: links that hold the CSV files themselves, so that any copy of a page has them."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

from drasclr_core.report.tables.bare import bare


def csv_links(*files: str | Path) -> str:
    """HTML links that save the given CSV files under their own names.

    Raises
    ------
    FileNotFoundError
        A file has not been written.
    """
    return bare("Download: " + " · ".join(_link(Path(file)) for file in files))


def _link(file: Path) -> str:
    data = base64.b64encode(file.read_bytes()).decode()
    return f'<a download="{escape(file.name)}" href="data:text/csv;base64,{data}">{escape(file.name)}</a>'
