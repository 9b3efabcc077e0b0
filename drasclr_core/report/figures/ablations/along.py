"""Scores along a number that is varied: experts, neighbours, the weight of a loss, a distance."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.report.figures.evaluation.rows import label

ACROSS = 3
MOST_NAMES = 4
"""Panels, and names of lines, side by side."""
BESIDE, GROUP = 0.12, 0.7
"""Most between two lines of a place, and most that all of them take of the way to the next place."""
MARKERS = "osD^v"
"""Of the lines, a shape for each round of the colours."""
ROWS_ACROSS = 4
"""Panels side by side that share the names of their rows."""


def scores_along(table: pd.DataFrame, xlabel: str, ylabel: str = "", zero: bool = False) -> Figure:
    """Draws a panel for each task and metric: dots with 95 % intervals, joined from left to right.

    Where lines have one place only, there is nothing to join: each is a row, with its name beside it.

    Parameters
    ----------
    table : DataFrame
        ``x`` (a number or a word; the order of rows is that of the axis), ``task, metric, value, low, high`` and, for
        several lines in a panel, ``line``.
    xlabel, ylabel : str
        An empty `ylabel` is the metric's.
    zero : bool
        Draws a line at zero, for differences.
    """
    panels = list(dict.fromkeys(zip(table["task"], table["metric"], strict=True)))
    lines = list(dict.fromkeys(table["line"])) if "line" in table else [""]
    colors = len(plt.rcParams["axes.prop_cycle"])
    places = {x: place for place, x in enumerate(dict.fromkeys(table["x"]))}
    if len(places) == 1 and len(lines) > 1:
        return _rows(table, panels, lines, f"{xlabel}: {next(iter(places))}", zero)
    rows = -(-len(panels) // ACROSS)
    across = min(ACROSS, len(panels))
    fig, grid = plt.subplots(rows, across, figsize=(7.2, 2.5 * rows), squeeze=False)
    for axis in list(grid.flat)[len(panels) :]:
        axis.set_visible(False)
    for axis, (task, metric) in zip(grid.flat, panels, strict=False):
        here = table[table["task"].eq(task) & table["metric"].eq(metric)]
        for number, line in enumerate(lines):
            part = here[here["line"].eq(line)] if "line" in here else here
            x = part["x"].map(places) + min(BESIDE, GROUP / len(lines)) * (number - (len(lines) - 1) / 2)
            color = f"C{number}"
            axis.vlines(x, part["low"], part["high"], color=color, linewidth=1.5)
            marker = MARKERS[number // colors % len(MARKERS)]
            axis.plot(x, part["value"], f"{marker}-", color=color, markersize=4.5, linewidth=0.8, label=line)
        if zero:
            axis.axhline(0, color="#444444", linewidth=0.8)
        axis.set_xticks(list(places.values()), [str(x) for x in places], fontsize=8)
        axis.set_title(label(task, metric), fontsize=9)
        axis.set_ylabel(ylabel or ("correct (%)" if metric in PERCENT else metric.replace("R2", "R²")), fontsize=8)
    fig.supxlabel(xlabel, fontsize=9)
    if len(lines) > 1:
        fig.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=min(len(lines), MOST_NAMES))
    return fig


def _rows(table: pd.DataFrame, panels: list[tuple[str, str]], lines: list[str], told: str, zero: bool) -> Figure:
    """Draws a row for each line, the first at the top, in a panel for each task and metric."""
    places = {line: place for place, line in enumerate(lines)}
    rows, across = -(-len(panels) // ROWS_ACROSS), min(ROWS_ACROSS, len(panels))
    fig, grid = plt.subplots(rows, across, figsize=(7.2, (0.7 + 0.22 * len(lines)) * rows), sharey=True, squeeze=False)
    for axis in list(grid.flat)[len(panels) :]:
        axis.set_visible(False)
    for axis, (task, metric) in zip(grid.flat, panels, strict=False):
        here = table[table["task"].eq(task) & table["metric"].eq(metric)]
        y = here["line"].map(places)
        axis.hlines(y, here["low"], here["high"], color="C0", linewidth=1.5)
        axis.plot(here["value"], y, "o", color="C0", markersize=4.5)
        if zero:
            axis.axvline(0, color="#444444", linewidth=0.8)
        axis.set_yticks(range(len(lines)), lines, fontsize=8)
        axis.set_ylim(len(lines) - 0.5, -0.5)
        axis.tick_params(axis="x", labelsize=8)
        axis.set_title(label(task, metric).replace(f" {metric}", f"\n{metric}"), fontsize=7.5)
    fig.supxlabel(told, fontsize=9)
    return fig
