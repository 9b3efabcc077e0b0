"""Pictures of linear readouts: scores of every task beside chance, predicted against true, confusion matrices."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullFormatter, NullLocator, ScalarFormatter
from sklearn.metrics import confusion_matrix

from drasclr_core.evaluate.tasks import Task
from drasclr_core.methods import row_of
from drasclr_core.report.figures.evaluation.panels import MANY, method_panels
from drasclr_core.report.figures.evaluation.rows import label, task_rows
from drasclr_core.report.style import color

R2_FLOOR = -1.0
MOST_COLUMNS = 6
"""Methods beside each other, at most."""
TITLE_LETTERS = 15
"""In a line of the title of a confusion matrix, so that the titles of neighbours do not meet."""
DARK_INK = "#222222"
LIGHT = 0.21
"""Relative luminance from which on dark figures have more contrast than white ones."""
FROM_ZERO = {"R2": "R² on held-out subjects", "kappa": "Quadratic weighted kappa on held-out subjects"}
"""Metrics for which 0 is a prediction that knows nothing, and what their axis is called."""


def score_dots(scores: pd.DataFrame) -> Figure:
    """Draws every score: a small dot per fold, a large one for the mean, a bar of one standard deviation to each side.

    Accuracies (per cent), R2 and kappa have a panel each; methods keep their order in `scores` (see
    `evaluate.readout.Readout`) from top to bottom. R2 below -1 (a fold of very few subjects) is drawn at -1, and a fold
    without a value is left out. Many methods have rows of their own (see `method_panels`).
    """
    methods = list(dict.fromkeys(scores["method"]))
    if len(methods) >= MANY:
        return _score_panels(scores, methods)
    kind = scores["metric"].where(scores["metric"].isin(FROM_ZERO), "accuracy")
    panels = [scores[kind == name] for name in ("R2", "accuracy", "kappa") if (kind == name).any()]
    rows = [list(dict.fromkeys(zip(part["task"], part["metric"], strict=True))) for part in panels]
    height = 0.9 + sum(map(len, rows)) * (0.16 + 0.15 * len(methods)) + 0.5 * len(panels)
    fig, axes = plt.subplots(
        len(panels), figsize=(7.2, height), squeeze=False, height_ratios=[len(names) + 0.5 for names in rows]
    )
    for axis, part, names in zip(axes[:, 0], panels, rows, strict=True):
        for position, (task, metric) in enumerate(names):
            for number, method in enumerate(methods):
                chosen = part[part["task"].eq(task) & part["metric"].eq(metric) & part["method"].eq(method)]
                offset = (number - (len(methods) - 1) / 2) * 0.7 / len(methods)
                _dots(axis, chosen["value"].to_numpy(), position + offset, method)
        kind = names[0][1]
        task_rows(axis, [task if kind in FROM_ZERO else label(task, metric) for task, metric in names])
        axis.set_xlabel(FROM_ZERO.get(kind, "Correct held-out subjects (%)"))
        if kind in FROM_ZERO:
            axis.axvline(0, color="#444444", linewidth=0.8)
            axis.set_xlim(max(R2_FLOOR, min(-0.1, part["value"].min() - 0.05)) - 0.02, 1.0)
        else:
            axis.set_xlim(0, 102)
    handles = [Line2D([], [], marker="o", linestyle="", color=color(m), label=row_of(m).name) for m in methods]
    fig.legend(handles=handles, loc="outside upper left", ncols=min(len(methods), MOST_COLUMNS))
    return fig


def _score_panels(scores: pd.DataFrame, methods: list[str]) -> Figure:
    cells = list(dict.fromkeys(zip(scores["task"], scores["metric"], strict=True)))
    units = {"R2": " (R²)", "kappa": " (kappa)"}
    made = method_panels(cells, methods, [label(*cell) + units.get(cell[1], " (%)") for cell in cells])
    for (task, metric, method), part in scores.groupby(["task", "metric", "method"], sort=False):
        _dots(made.axes[task, metric], part["value"].to_numpy(), made.heights[method], method)
    for (_, metric), axis in made.axes.items():
        if metric in FROM_ZERO:
            axis.axvline(0, color="#444444", linewidth=0.8)
    return made.figure


def predicted_against_true(predictions: pd.DataFrame, names: dict[str, str]) -> Figure:
    """Draws predicted against true values of the regression tasks, undone from the logarithm, on logarithmic axes.

    Parameters
    ----------
    predictions : DataFrame
        Of one method (see `evaluate.readout.Readout`); the first repeat is drawn.
    names : dict
        Task -> what to write on the axes.
    """
    fig, axes = plt.subplots(1, len(names), figsize=(3.6 * len(names), 3.5), squeeze=False)
    for axis, (task, name) in zip(axes[0], names.items(), strict=True):
        part = predictions[predictions["task"].eq(task) & predictions["repeat"].eq(0)]
        true, predicted = np.exp(part["true"]), np.exp(part["predicted"])
        low, high = min(true.min(), predicted.min()) * 0.95, max(true.max(), predicted.max()) * 1.05
        axis.plot([low, high], [low, high], color="#444444", linewidth=0.8, linestyle="--")
        axis.scatter(true, predicted, s=22, color=color(part["method"].iloc[0]), alpha=0.75, linewidths=0)
        ticks = [tick for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]
        for scale, line in ((axis.set_xscale, axis.xaxis), (axis.set_yscale, axis.yaxis)):
            scale("log")
            line.set_major_locator(FixedLocator(ticks))
            line.set_major_formatter(ScalarFormatter())
            line.set_minor_locator(NullLocator())
            line.set_minor_formatter(NullFormatter())
        axis.set(xlim=(low, high), ylim=(low, high), xlabel=f"True {name}", ylabel=f"Predicted {name}", aspect="equal")
    return fig


def confusion_matrices(predictions: pd.DataFrame, tasks: list[Task]) -> Figure:
    """Draws how many subjects of each true grade got which predicted grade; the shade is the share of the true grade.

    `predictions` are those of one method (the first repeat is drawn), `tasks` the classification tasks to draw.
    """
    fig, axes = plt.subplots(1, len(tasks), figsize=(7.2, 0.7 + 7.2 / len(tasks)), squeeze=False)
    for axis, task in zip(axes[0], tasks, strict=True):
        _confusion(axis, predictions, task, task.name, "Blues")
    axes[0, 0].set_ylabel("True")
    return fig


def confusion_by_method(predictions: pd.DataFrame, task: Task) -> Figure:
    """Draws the confusion matrix of every method on one classification `task`, in shades of the method's colour.

    Of the `predictions` the first repeat is drawn.
    """
    methods = list(dict.fromkeys(predictions["method"]))
    columns = min(len(methods), MOST_COLUMNS)
    lines = -(-len(methods) // columns)
    fig, axes = plt.subplots(lines, columns, figsize=(7.2, lines * (0.9 + 7.2 / columns)), squeeze=False, sharey=True)
    for axis in axes.flat[len(methods) :]:
        axis.remove()
    for axis, method in zip(axes.flat, methods, strict=False):
        shades = LinearSegmentedColormap.from_list(method, ["white", color(method)])
        name = textwrap.fill(row_of(method).name, TITLE_LETTERS)
        _confusion(axis, predictions[predictions["method"] == method], task, name, shades, fontsize=8)
    for axis in axes[:, 0]:
        axis.set_ylabel("True grade")
    return fig


def _confusion(axis: plt.Axes, predictions: pd.DataFrame, task: Task, title: str, cmap: str | Colormap, **font) -> None:
    part = predictions[predictions["task"].eq(task.name) & predictions["repeat"].eq(0)]
    counts = confusion_matrix(part["true"].astype(int), part["predicted"].astype(int), labels=task.classes)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shown = axis.imshow(share, cmap=cmap, vmin=0, vmax=1)
    for (true, predicted), count in np.ndenumerate(counts):
        ink = DARK_INK if _luminance(shown.to_rgba(share)[true, predicted]) > LIGHT else "white"
        axis.text(predicted, true, count or "", ha="center", va="center", fontsize=8.5, color=ink)
    axis.set_xticks(range(len(task.classes)), task.classes)
    axis.set_yticks(range(len(task.classes)), task.classes)
    axis.set_title(title, **font)
    axis.set_xlabel("Predicted")
    axis.grid(visible=False)


def _luminance(rgba: np.ndarray) -> float:
    """The relative luminance of a colour (WCAG 2), 0 for black and 1 for white."""
    rgb = np.where(rgba[:3] <= 0.04045, rgba[:3] / 12.92, ((rgba[:3] + 0.055) / 1.055) ** 2.4)
    return float(rgb @ [0.2126, 0.7152, 0.0722])


def _dots(axis: plt.Axes, values: np.ndarray, height: float, method: str) -> None:
    values = values[~np.isnan(values)]
    if not len(values):
        return
    mean, spread = values.mean(), values.std(ddof=1) if len(values) > 1 else 0.0
    values, mean = np.maximum(values, R2_FLOOR), max(mean, R2_FLOOR)
    axis.plot(values, np.full(len(values), height), "o", markersize=3, color=color(method), alpha=0.45, linewidth=0)
    axis.errorbar(mean, height, xerr=spread, fmt="o", markersize=6.5, color=color(method), elinewidth=1.6)
