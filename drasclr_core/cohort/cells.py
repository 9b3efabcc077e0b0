"""Whether the rows of a text table have the cells that its header names."""

from __future__ import annotations

import csv
from pathlib import Path


def check_cells(path: Path, separator: str) -> int:
    """Returns the number of the header's cells; raises ValueError where a row has more.

    All cells after one too many would be read one off. Empty cells at the end of a row do not count.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.reader(file, delimiter=separator, skipinitialspace=True)
        width = len(next(rows, []))
        for number, row in enumerate(rows, start=2):
            if any(cell.strip() for cell in row[width:]):
                problem = f"row {number} has {len(row)} cells and the header {width}"
                raise ValueError(f"{path.name}: {problem}. Put text with {separator!r} in quotes, or name the column.")
    return width
