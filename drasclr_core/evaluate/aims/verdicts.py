"""Aims that were fixed beforehand: what a method was to be better at, than what, and whether it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from drasclr_core.evaluate.statistics.clear import clear_sides
from drasclr_core.methods import row_of

REACHED, IN_PART, MISSED, NOT_SHOWN, NOT_TESTED = "reached", "in part", "missed", "not shown", "not tested"
COLUMNS = ("against", "tasks", "asked", "compared", "above", "below", "verdict")
BETWEEN = "; "
"""Between the tasks of an aim."""
LOSSES = {"local": "local loss", "neighbor": "neighbouring loss"}


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
        ``against``; ``tasks``, joined by `BETWEEN`; ``asked`` and ``compared``, how many; ``above, below``, how many of
        the 95 % intervals lie wholly on that side of 0; ``verdict``: `REACHED` where all that was asked lies above,
        which all of them together are by chance no oftener than any one, so that nothing needs correcting. Else,
        corrected within the aim (`clear_sides`): `MISSED` where some are clearly worse, `IN_PART` where some are
        clearly better and none worse, `NOT_SHOWN` where neither. `NOT_TESTED` where nothing was compared.
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
        rows.append((other, BETWEEN.join(tasks), len(tasks), len(own), above, below, verdict))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def judge_losses(losses: pd.DataFrame, well_below: float) -> pd.DataFrame:
    """Returns the verdict on one more aim, a row as from `judge_aims`: that all losses end well below guessing.

    Parameters
    ----------
    losses : DataFrame
        ``loss, below`` of every training of a method (`below_guessing`).
    well_below : float
        In nats.

    Returns
    -------
    DataFrame
        ``above`` and ``below`` count losses that end at least `well_below` under guessing, and over it. There are no
        intervals: `REACHED` where all losses do, else `MISSED`.
    """
    enough, count = int((losses["below"] >= well_below).sum()), len(losses)
    verdict = NOT_TESTED if not count else REACHED if enough == count else MISSED
    tasks = BETWEEN.join(LOSSES[loss] for loss in dict.fromkeys(losses["loss"]))
    row = (f"guessing by {well_below:g} nats", tasks, count, count, enough, int((losses["below"] < 0).sum()), verdict)
    return pd.DataFrame([row], columns=list(COLUMNS))


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
    first = f"**{row_of(method).name} reaches {len(reached)} of {len(aims)} aims{listed_aims(reached)}.**"
    others = [f"{len(part)} {verdict}{listed_aims(part)}" for verdict in (IN_PART, MISSED, NOT_SHOWN, NOT_TESTED)
              if len(part := aims[aims["verdict"] == verdict])]  # fmt: skip
    return f"{first} Of the others: {'; '.join(others)}." if others else first


def listed_aims(aims: pd.DataFrame, words: Mapping[str, str] = MappingProxyType({})) -> str:
    """Returns what the `aims` ask for, in brackets and behind a space; empty where there are none.

    `words` has other names for tasks.
    """
    named = [f"better than {row_of(row.against).name} at {in_words(row.tasks, words)}" for row in aims.itertuples()]
    return f" ({'; '.join(named)})" if named else ""


def in_words(tasks: str, words: Mapping[str, str] = MappingProxyType({})) -> str:
    """Returns the `tasks` of an aim as a sentence has them; `words` has other names for them."""
    return " and ".join(words.get(task, task) for task in tasks.split(BETWEEN))
