"""Which numbers of a run move when it is made again, with the same preset and seed, by another number of threads.

``python benchmarks/stability.py --first runs/a --second runs/b --threads 2 1`` compares all tables of results; make
the second with ``make book RUN=b PRESET=presets/a.yaml CORES=1``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from common import DATA, write_table

COST = ("seconds", "peak_mb", "minutes", "gigabytes", "per_1000", "pace")
"""What a machine takes is not a result: columns with these words are left out."""
SAME = 1e-12
"""Relative change below which a number counts as the same: the last digit that is written."""


def compare(first: Path, second: Path) -> list[dict]:
    """Returns, for each table of both results, how many of its numbers differ, and by how much at most.

    The `largest change` is absolute, the `relative` one a share of the larger value; rows are matched in their order.
    """
    rows = []
    for path in sorted(first.glob("*.csv")):
        if not (second / path.name).exists():
            rows.append({"table": path.stem, "numbers": 0, "moved": 0, "note": "only in the first run"})
            continue
        ours, theirs = pd.read_csv(path), pd.read_csv(second / path.name)
        if list(ours) != list(theirs) or len(ours) != len(theirs):
            rows.append({"table": path.stem, "numbers": 0, "moved": 0, "note": "other rows or columns"})
            continue
        names = [name for name in ours.select_dtypes("number") if not any(word in name for word in COST)]
        a, b = ours[names].to_numpy(float), theirs[names].to_numpy(float)
        change = np.where(np.isnan(a) & np.isnan(b), 0.0, np.abs(a - b))
        size = np.fmax(np.abs(a), np.abs(b))
        relative = np.divide(change, size, out=np.zeros_like(change), where=size > 0)
        words = ours.select_dtypes(exclude="number")
        note = "" if words.equals(theirs[words.columns]) else "words differ"
        rows.append({"table": path.stem, "numbers": change.size, "moved": int((~(relative <= SAME)).sum()),
                     "largest change": _largest(change), "relative": _largest(relative), "note": note})  # fmt: skip
    return rows


def _largest(values: np.ndarray) -> float:
    return float(f"{np.nanmax(values, initial=0.0):.2g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=Path, required=True)
    parser.add_argument("--second", type=Path, required=True)
    parser.add_argument("--threads", type=int, nargs=2, required=True, help="of the stages of each run")
    parser.add_argument("--out", type=Path, default=DATA)
    given = parser.parse_args()
    rows = compare(given.first / "results", given.second / "results")
    write_table(rows, "stability", given.out, runs=[given.first.name, given.second.name], threads=given.threads)


if __name__ == "__main__":
    main()
