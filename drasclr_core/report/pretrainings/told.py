"""Which encoders of a run were pretrained with several seeds, and how much these differ, in words."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from drasclr_core.evaluate.scores import KEYS
from drasclr_core.methods import in_order, row_of
from drasclr_core.report.figures.evaluation.rows import label
from drasclr_core.report.figures.evaluation.scorecard import points
from drasclr_core.report.words import listed

SEEDS = ("table8", "table6", "table9")
"""Tables whose file ``<table>_seeds.csv`` has what each training scores."""
_ONCE = "pretrained once: how much they differ from one pretraining to the next is not known"
_WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}


def repeated_trainings(results: str | Path) -> dict[str, int]:
    """Returns method -> its trainings, of those with more than one, in the order of tables; from a run's `results`."""
    counts = _trainings(Path(results)).groupby("method")["training"].nunique()
    return {name: int(counts[name]) for name in in_order(counts.index[counts > 1])}


def pretrainings_answer(results: str | Path) -> str:
    """Returns in Markdown which encoders have several seeds, and the standard deviation over them of each score.

    Parameters
    ----------
    results : path
        Folder of a run's result files; what `SEEDS` says is read, as far as it is there.
    """
    several = repeated_trainings(results)
    if not several:
        return f"All encoders of this run were {_ONCE}; several seeds of each would tell."
    scores = _trainings(Path(results))
    spread = scores.groupby(KEYS, sort=False)["value"].std()
    told = []
    for name, count in several.items():
        own = spread[name].dropna()
        cells = [f"{label(*cell)} {points(value, cell[1]):.1f}" for cell, value in own.items()]
        told.append(f"- {row_of(name).name}, {count} seeds: {', '.join(cells)}")
    return (
        "**Some encoders of this run have several seeds.** The standard deviation over them, in points, "
        "of the score of all held-out subjects together:\n\n" + "\n".join(told) + "\n\n"
        f"A standard deviation of so few is itself rough. All other encoders were {_ONCE}."
    )


def trainings_note(table: pd.DataFrame) -> str:
    """Returns which rows of a `table` are means of several trainings, by its column ``seeds``; empty where none is."""
    if "seeds" not in table:
        return ""
    counts = table.groupby("method")["seeds"].max().drop("chance", errors="ignore")
    several = {name: int(counts[name]) for name in in_order(counts.index[counts > 1])}
    parts = [
        f"{listed([row_of(name).name for name in several if several[name] == count])}: means of "
        f"{_WORDS.get(count, count)} trainings"
        for count in dict.fromkeys(several.values())
    ]
    left = ["the others of one"] if parts and len(several) < len(counts) else []
    return f"{', '.join([*parts, *left])}." if parts else ""


def _trainings(results: Path) -> pd.DataFrame:
    """``method, training, task, metric, value``, of a training that several tables read once."""
    there = [pd.read_csv(path) for path in (results / f"{stem}_seeds.csv" for stem in SEEDS) if path.exists()]
    columns = ["method", "training", "task", "metric", "value"]
    return pd.concat(there or [pd.DataFrame(columns=columns)]).drop_duplicates(["training", "task", "metric"])
