"""What the features of methods know of the body, in words."""

from __future__ import annotations

import pandas as pd

from drasclr_core.evaluate.measured import MEASURED
from drasclr_core.methods import row_of
from drasclr_core.report.tables.beside_paper import mean_sd

LITTLE = 0.1
"""R2 below which hardly anything is known."""


def body_answer(table: pd.DataFrame, closely: str) -> str:
    """Returns sentences in Markdown: what a method knows best and least, who knows most of each, and what nobody knows.

    What is measured on the scan itself and rows that see no image or know the truth are not among those who know most.

    Parameters
    ----------
    table : DataFrame
        ``method, task, mean, low, high``, R2 with its interval (see `evaluate.statistics.summarise_draws`).
    closely : str
        The method of the first sentence.
    """
    own = table[table["method"] == closely].dropna(subset="mean").set_index("task")
    told = [f"{task} (R² {_number(row['mean'])}, {_number(row['low'])} to {_number(row['high'])})"
            for task, row in own.loc[[own["mean"].idxmax(), own["mean"].idxmin()]].iterrows()]  # fmt: skip
    first = (
        f"**Of {len(own)} measures the features of {row_of(closely).name} know {told[0]} best and {told[1]} least.**"
    )
    learn = [name not in MEASURED and row_of(name).is_method for name in table["method"]]
    others = table[learn].dropna(subset="mean")
    best = others.loc[others.groupby("task", sort=False)["mean"].idxmax()]
    hidden = best[best["mean"] < LITTLE]
    listed = "; ".join(f"{row.task}: {row_of(row.method).name} ({_number(row.mean)})" for row in best.itertuples()
                       if row.mean >= LITTLE)  # fmt: skip
    listed = (
        f" Who knows most, of all that learn or describe patches (what is measured on the scan is left out): {listed}."
        if listed
        else ""
    )
    most = f" Hardly anything is known of {', '.join(hidden['task'])} (R² at most {_number(hidden['mean'].max())})."
    return first + listed + (most if len(hidden) else "")


def _number(value: float) -> str:
    return mean_sd(value, float("nan"), "R2")
