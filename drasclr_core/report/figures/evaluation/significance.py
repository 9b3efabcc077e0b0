"""Pictures of comparisons: differences with their intervals, and p values of several tests side by side."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.methods import row_of
from drasclr_core.report.figures.evaluation.panels import MANY, draw_interval, method_panels
from drasclr_core.report.figures.evaluation.rows import label, task_rows
from drasclr_core.report.style import color

SMALLEST = 1e-4
TESTS = {
    "p_two_sample": ("two-sample t", "o"),
    "p_corrected": ("corrected t", "s"),
    "p_bootstrap": ("bootstrap", "^"),
}


def difference_forest(table: pd.DataFrame) -> Figure:
    """Draws how much better one method is than others, with 95 % bootstrap intervals; accuracies and fractions apart.

    In a `table` (from `compare_methods`) without intervals the mean difference over folds is drawn alone. Many methods
    have rows of their own (see `method_panels`).
    """
    others = list(dict.fromkeys(table["against"]))
    if len(others) >= MANY:
        return _forest_panels(table, others)
    percent = table["metric"].isin(PERCENT)
    fraction = ", ".join(dict.fromkeys(map(_unit, table.loc[~percent, "metric"])))
    panels = [(part, name) for part, name in ((table[~percent], fraction), (table[percent], "%")) if len(part)]
    rows = [list(dict.fromkeys(zip(part["task"], part["metric"], strict=True))) for part, _ in panels]
    step = 0.12 + 0.14 * len(others)
    fig, axes = plt.subplots(
        len(panels),
        figsize=(7.2, 0.7 + step * sum(map(len, rows)) + 0.5 * len(panels)),
        squeeze=False,
        height_ratios=[len(names) + 0.4 for names in rows],
    )
    tested = row_of(table["method"].iloc[0]).name
    for axis, (part, unit), names in zip(axes[:, 0], panels, rows, strict=True):
        for row in part.itertuples():
            offset = (others.index(row.against) - (len(others) - 1) / 2) * 0.7 / len(others)
            height = names.index((row.task, row.metric)) + offset
            axis.plot([row.low, row.high], [height, height], color=color(row.against), linewidth=1.5)
            dot = row.difference if np.isnan(row.estimate) else row.estimate
            axis.plot(dot, height, "o", color=color(row.against), markersize=5)
        axis.axvline(0, color="#444444", linewidth=0.8)
        task_rows(axis, [label(*name) for name in names])
        axis.set_xlabel(f"Difference ({unit}); right of 0 speaks for {tested}")
    handles = [Line2D([], [], marker="o", color=color(name), label=f"minus {row_of(name).name}") for name in others]
    fig.legend(handles=handles, loc="outside upper left", ncols=min(len(handles), 3))
    return fig


def _forest_panels(table: pd.DataFrame, others: list[str]) -> Figure:
    cells = list(dict.fromkeys(zip(table["task"], table["metric"], strict=True)))
    titles = [f"{label(*cell)} ({'%' if cell[1] in PERCENT else _unit(cell[1])})" for cell in cells]
    made = method_panels(cells, others, titles)
    for row in table.itertuples():
        dot = row.difference if np.isnan(row.estimate) else row.estimate
        axis, height = made.axes[row.task, row.metric], made.heights[row.against]
        draw_interval(axis, height, row.against, row.low, dot, row.high)
    for axis in made.axes.values():
        axis.axvline(0, color="#444444", linewidth=0.8)
        axis.xaxis.set_major_locator(MaxNLocator(4))  # numbers of three decimals run into each other otherwise
    tested = row_of(table["method"].iloc[0]).name
    made.figure.supxlabel(f"{tested} minus the other; right of 0 speaks for {tested}", fontsize=9)
    return made.figure


def p_values(table: pd.DataFrame, level: float = 0.05) -> Figure:
    """Draws p values of the three tests before (hollow) and after (filled) Holm's correction, one row per comparison.

    The `table` is from `compare_methods`, against one other method or several; `level` is drawn as a line.
    """
    several = table["against"].nunique() > 1
    names = [
        (f"{row_of(row.against).name}: " if several else "") + label(row.task, row.metric) for row in table.itertuples()
    ]
    fig, axis = plt.subplots(figsize=(7.2, 1.1 + 0.21 * len(table)))
    for number, (test, (_, marker)) in enumerate(TESTS.items()):
        heights = np.arange(len(table)) + (number - 1) * 0.24
        for column, face in ((test, "white"), (f"{test}_holm", "#0072B2")):
            values = table[column].clip(lower=SMALLEST)
            axis.plot(values, heights, marker, markersize=4, markerfacecolor=face, markeredgecolor="#0072B2")
    axis.axvline(level, color="#D55E00", linewidth=1)
    axis.set_xscale("log")
    axis.set(xlim=(SMALLEST * 0.8, 1.3), ylim=(len(table) - 0.4, -0.6), xlabel=f"p (left of the line: below {level:g})")
    axis.set_yticks(range(len(table)), names, fontsize=8)
    shapes = [
        Line2D([], [], linestyle="", marker=marker, markerfacecolor="white", markeredgecolor="#0072B2", label=name)
        for name, marker in TESTS.values()
    ]
    filled = Line2D([], [], linestyle="", marker="o", color="#0072B2", label="filled: after Holm")
    fig.legend(handles=[*shapes, filled], loc="outside upper left", ncols=4)
    return fig


def _unit(metric: str) -> str:
    return "R²" if metric == "R2" else metric.split(" at ")[0]
