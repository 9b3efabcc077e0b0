"""What the features of each method know of each measure, and what that has to do with a score."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from drasclr_core.methods import row_of
from drasclr_core.report.figures.evaluation.panels import method_panels
from drasclr_core.report.style import color
from drasclr_core.report.tables.beside_paper import mean_sd

BELOW = "#dddddd"
"""Colour of an R2 below 0: no better than the mean."""


def body_matrix(table: pd.DataFrame) -> Figure:
    """Draws R2 as a matrix: a row for each method, a column for each measure, the number in each field.

    The `table` has ``method, task, mean``; methods and tasks keep their order. Fields without a number are empty.
    """
    methods, tasks = (list(dict.fromkeys(table[name])) for name in ("method", "task"))
    values = table.pivot(index="method", columns="task", values="mean").loc[methods, tasks].to_numpy(float)
    fig, axis = plt.subplots(figsize=(7.2, 0.27 * len(methods) + 1.2))
    colors = plt.get_cmap("viridis").with_extremes(under=BELOW, bad="white")
    picture = axis.imshow(values, cmap=colors, vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            shade = "black" if value > 0.6 or value < 0 else "white"
            axis.text(column, row, mean_sd(value, np.nan, "R2"), ha="center", va="center", fontsize=7, color=shade)
    axis.set_xticks(range(len(tasks)), tasks, rotation=30, ha="right")
    axis.set_yticks(range(len(methods)), [row_of(name).name for name in methods])
    axis.grid(visible=False)
    fig.colorbar(picture, label="R² on held-out subjects", extend="min", fraction=0.04, pad=0.02)
    return fig


def score_panels(beside: pd.DataFrame, titles: Sequence[str]) -> Figure:
    """Draws a panel for each column of `beside` (see `evaluate.body.score_beside`), with a dot for each method."""
    cells = [(column, "R2") for column in beside]
    made = method_panels(cells, list(beside.index), titles)
    for cell, axis in made.axes.items():
        axis.axvline(0, color="#444444", linewidth=0.8)
        for method, value in beside[cell[0]].items():
            axis.plot(value, made.heights[method], "o", color=color(method), markersize=6)
    return made.figure
