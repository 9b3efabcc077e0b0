"""The files of a table: ours beside the paper's, and what later notebooks need of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core import paper
from drasclr_core.evaluate.scores import KEYS
from drasclr_core.files import write_csv
from drasclr_core.methods import method_names
from drasclr_core.run import Run

DRAWS = "_bootstrap.csv"
"""How names of files with bootstrap draws end: megabytes that no page offers and no repository keeps."""
ELSEWHERE = {"table2": ("table8",)}
"""Where the paper prints rows that a table lacks: DrasCLR without neighbours is in Table 8."""


def beside_paper(summary: pd.DataFrame, stem: str) -> pd.DataFrame:
    """Returns our scores with the paper's numbers for the same method, task and metric.

    The `summary` has ``method, task, metric, mean, sd`` and others, as from `summarise`; `stem` is the paper's table
    (``table2`` …), or a name that the paper does not have. ``paper_mean`` and ``paper_sd`` are added, NaN where the
    paper has no such method or did not report it.
    """
    tables = [paper.table(name) for name in (stem, *ELSEWHERE.get(stem, ())) if name in paper.TABLES]
    if not tables:
        return summary.assign(paper_mean=np.nan, paper_sd=np.nan)
    printed = pd.concat(tables).rename(columns={"method": "paper", "mean": "paper_mean", "sd": "paper_sd"})
    theirs = printed.merge(method_names(), on=["table", "group", "paper"]).drop_duplicates(KEYS)
    return summary.merge(theirs[[*KEYS, "paper_mean", "paper_sd"]], on=KEYS, how="left", validate="many_to_one")


def write_table(run: Run, stem: str, table: pd.DataFrame, **parts: pd.DataFrame | None) -> list[Path]:
    """Writes a table into the results of a run, and its parts beside it; returns the files in this order.

    Parameters
    ----------
    run : Run
    stem : str
        What the files begin with: ``table2`` …
    table : DataFrame
        ``<stem>.csv``; from `beside_paper`.
    **parts : DataFrame or None
        ``<stem>_<part>.csv``. A part that is None is not written, and one of an earlier table is removed: it belongs to
        other numbers. Later notebooks read ``folds`` (scores of every fold) and ``bootstrap`` (draws); ``shuffled`` are
        scores on permuted labels.
    """
    tables = {stem: table} | {f"{stem}_{name}": part for name, part in parts.items() if part is not None}
    for name in {f"{stem}_{part}" for part in parts} - set(tables):
        (run.results / f"{name}.csv").unlink(missing_ok=True)
    for name, content in tables.items():
        write_csv(run.results / f"{name}.csv", content)
    return [run.results / f"{name}.csv" for name in tables]
