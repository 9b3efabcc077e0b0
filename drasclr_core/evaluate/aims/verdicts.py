"""Aims that were fixed beforehand: what a method was to be better at, than what, and whether it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from drasclr_core.evaluate.statistics.clear import clear_sides
from drasclr_core.methods import row_of

REACHED, IN_PART, MISSED, OPEN = "reached", "in part", "missed", "open"
COLUMNS = ("against", "tasks", "compared", "better", "worse", "verdict")


def judge_aims(differences: pd.DataFrame, aims: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Returns a verdict on each aim: to be better than another method at some tasks.

    Parameters
    ----------
    differences : DataFrame
        From `compare_methods`, of one method against others.
    aims : mapping of str to sequence of str
        The other method, and the tasks. Those that were not compared are left out.

    Returns
    -------
    DataFrame
        ``against``; ``tasks``, in words; ``compared``, how many comparisons; ``better, worse``, how many of them are
        clear (see `clear_sides`: each aim is a question of its own); ``verdict``: `REACHED` where all are clearly
        better, `IN_PART` where more are clearly better than worse, `MISSED` where some are clearly worse, else `OPEN`.
    """
    rows = []
    for other, tasks in aims.items():
        own = differences[differences["against"].eq(other) & differences["task"].isin(list(tasks))]
        if len(own):
            sides = clear_sides(own)
            verdict = sides.word(REACHED, IN_PART, MISSED, OPEN)
            named = " and ".join(dict.fromkeys(own["task"]))
            rows.append((other, named, sides.count, len(sides.better), len(sides.worse), verdict))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def aims_sentence(aims: pd.DataFrame, method: str) -> str:
    """Returns in Markdown, in two sentences, how many aims of `judge_aims` the `method` reached, and which it did not.

    Raises
    ------
    ValueError
        No aim was judged.
    """
    if not len(aims):
        raise ValueError(f"{method}: none of the methods that it was to be better than has features in this run")
    reached = aims[aims["verdict"] == REACHED]
    first = f"**{row_of(method).name} reaches {len(reached)} of {len(aims)} aims{_listed(reached)}.**"
    others = [f"{len(part)} {words}{_listed(part)}" for verdict, words in
              ((IN_PART, "in part"), (MISSED, "missed"), (OPEN, "open, as this run cannot tell"))
              if len(part := aims[aims["verdict"] == verdict])]  # fmt: skip
    return f"{first} Of the others: {'; '.join(others)}." if others else first


def _listed(aims: pd.DataFrame) -> str:
    named = "; ".join(f"better than {row_of(row.against).name} at {row.tasks}" for row in aims.itertuples())
    return f" ({named})" if named else ""
