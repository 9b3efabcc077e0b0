"""Aims that were fixed beforehand: what a method was to be better at, than what, and whether it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from drasclr_core.evaluate.statistics.clear import clear_sides
from drasclr_core.methods import row_of

REACHED, IN_PART, MISSED, NOT_SHOWN, NOT_TESTED = "reached", "in part", "missed", "not shown", "not tested"
COLUMNS = ("against", "tasks", "asked", "compared", "above", "below", "verdict")


def judge_aims(differences: pd.DataFrame, aims: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Returns a verdict on each aim: to be better than another method at some tasks.

    Parameters
    ----------
    differences : DataFrame
        From `compare_methods`, of one method against others, in one metric for each task.
    aims : mapping of str to sequence of str
        The other method, and the tasks.

    Returns
    -------
    DataFrame
        ``against``; ``tasks``, in words; ``asked`` and ``compared``, how many; ``above, below``, how many of the 95 %
        intervals lie wholly on that side of 0; ``verdict``: `REACHED` where all that was asked lies above, which all of
        them together are by chance no oftener than any one, so that nothing needs correcting. Else, corrected within
        the aim (`clear_sides`): `MISSED` where some are clearly worse, `IN_PART` where some are clearly better and none
        worse, `NOT_SHOWN` where neither. `NOT_TESTED` where nothing was compared.
    """
    rows = []
    for other, tasks in aims.items():
        own = differences[differences["against"].eq(other) & differences["task"].isin(list(tasks))]
        above, below, sides = int((own["low"] > 0).sum()), int((own["high"] < 0).sum()), clear_sides(own)
        if not len(own):
            verdict = NOT_TESTED
        elif above == len(tasks):
            verdict = REACHED
        elif len(sides.worse):
            verdict = MISSED
        else:
            verdict = IN_PART if len(sides.better) else NOT_SHOWN
        rows.append((other, " and ".join(tasks), len(tasks), len(own), above, below, verdict))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def aims_sentence(aims: pd.DataFrame, method: str) -> str:
    """Returns in Markdown, in two sentences, how many aims of `judge_aims` the `method` reached, and which it did not.

    Raises
    ------
    ValueError
        There are no aims.
    """
    if not len(aims):
        raise ValueError(f"{method}: no aim was named")
    reached = aims[aims["verdict"] == REACHED]
    first = f"**{row_of(method).name} reaches {len(reached)} of {len(aims)} aims{_listed(reached)}.**"
    others = [f"{len(part)} {verdict}{_listed(part)}" for verdict in (IN_PART, MISSED, NOT_SHOWN, NOT_TESTED)
              if len(part := aims[aims["verdict"] == verdict])]  # fmt: skip
    return f"{first} Of the others: {'; '.join(others)}." if others else first


def _listed(aims: pd.DataFrame) -> str:
    named = "; ".join(f"better than {row_of(row.against).name} at {row.tasks}" for row in aims.itertuples())
    return f" ({named})" if named else ""
