"""Comparisons as a table for readers: each difference with its interval, each p value with its corrected one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.evaluate.statistics.intervals import NORMAL
from drasclr_core.methods import row_of
from drasclr_core.report.figures.evaluation.rows import label
from drasclr_core.report.figures.evaluation.significance import TESTS


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Returns text in every cell; rows by the other method and what is compared.

    Parameters
    ----------
    table : DataFrame
        From `compare_methods`.

    Returns
    -------
    DataFrame
        ``difference`` (all held-out subjects scored together; without bootstrap draws the mean over folds), ``95 %``
        (its interval, with a star where too few draws made it approximate), ``g``, and for each test p with, in
        brackets, p after Holm.
    """
    rows = []
    for row in table.itertuples():
        digits = 1 if row.metric in PERCENT else 2
        cells = {"against": row_of(row.against).name, "": label(row.task, row.metric)}
        cells["difference"] = _number(row.difference if np.isnan(row.estimate) else row.estimate, digits)
        star = "*" if row.interval == NORMAL else ""
        cells["95 %"] = "–" if np.isnan(row.low) else f"{_number(row.low, digits)} to {_number(row.high, digits)}{star}"
        cells["g"] = _number(row.hedges_g, 1)
        for test, (name, _) in TESTS.items():
            p, corrected = getattr(row, test), getattr(row, f"{test}_holm")
            cells[f"p, {name}"] = "–" if np.isnan(p) else f"{_p(p)} ({_p(corrected)})"
        rows.append(cells)
    return pd.DataFrame(rows).set_index(["against", ""])


def _number(value: float, digits: int) -> str:
    return "–" if np.isnan(value) else f"{value:.{digits}f}".replace("-", "−")


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"
