"""What the features of each method know of each measure, and what that has to do with a score."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from drasclr_core.methods import row_of
from drasclr_core.report.style import color

LETTER_PT, LINE_PT = 3.9, 8.0
"""Of names beside dots: width of a letter and height of a line, in points."""
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
            axis.text(column, row, f"{value:z.2f}".replace("-", "−"), ha="center", va="center", fontsize=7, color=shade)
    axis.set_xticks(range(len(tasks)), tasks, rotation=30, ha="right")
    axis.set_yticks(range(len(methods)), [row_of(name).name for name in methods])
    axis.grid(visible=False)
    fig.colorbar(picture, label="R² on held-out subjects", extend="min", fraction=0.04, pad=0.02)
    return fig


def known_against_score(beside: pd.DataFrame, known: str, score: str) -> Figure:
    """Draws a dot with its name for each method: how well it knows a measure, and its score at a task.

    `beside` has ``method, known, score`` (see `evaluate.body.score_beside`); `known` and `score` name the axes.
    """
    fig, axis = plt.subplots(figsize=(7.2, 4.2))
    axis.set(xlabel=known, ylabel=score)
    axis.plot(beside["known"], beside["score"], alpha=0)  # sets the limits
    axis.margins(x=0.2, y=0.1)
    axis.autoscale_view()
    taken: list[tuple[float, float, float]] = []
    for row in beside.sort_values("score").itertuples():
        axis.plot(row.known, row.score, "o", color=color(row.method), markersize=6)
        name = row_of(row.method).name
        place = axis.transData.transform((row.known, row.score)) * 72 / fig.dpi
        shift, side, box = _free(place, len(name) * LETTER_PT, taken)
        taken.append(box)
        axis.annotate(name, (row.known, row.score), xytext=shift, textcoords="offset points", ha=side, fontsize=7)
    return fig


def _free(place: np.ndarray, width: float, taken: list[tuple[float, float, float]]
          ) -> tuple[tuple[int, int], str, tuple[float, float, float]]:  # fmt: skip
    """Returns shift and side of a name beside a dot where no other name lies, and its place: left, right, height."""
    tried = []
    for up in (2, -9, 11, -18):
        for side, shift, left in (("left", 6, place[0] + 6), ("right", -6, place[0] - 6 - width)):
            tried.append(((shift, up), side, (left, left + width, place[1] + up)))
    return next((each for each in tried if not any(_meet(each[2], other) for other in taken)), tried[0])


def _meet(box: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    return box[0] < other[1] and other[0] < box[1] and abs(box[2] - other[2]) < LINE_PT
