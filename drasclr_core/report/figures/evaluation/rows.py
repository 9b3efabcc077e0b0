"""Axes whose rows are tasks, and what a row is called."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt


def task_rows(axis: plt.Axes, names: Sequence[str]) -> None:
    """Makes an axis of rows from top to bottom, with the `names` at its side and thin lines between the rows."""
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.grid(axis="y", visible=False)
    for boundary in range(1, len(names)):
        axis.axhline(boundary - 0.5, color="#d8d8d8", linewidth=0.6)


def label(task: str, metric: str) -> str:
    """Returns ``GOLD`` for the usual metric of a task, else ``GOLD 1-off``, ``Paraseptal F1``, ``Survival 25th``."""
    return task if metric in ("R2", "accuracy") else f"{task} {metric.removeprefix('concordance at ')}"
