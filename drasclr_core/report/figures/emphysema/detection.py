"""Pictures of emphysema detection: scores of every fold, precision against recall, example boxes, annotation curves."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from drasclr_core.imaging.constants import EMPHYSEMA_WINDOW
from drasclr_core.methods import row_of
from drasclr_core.report.style import color

PAPER_LOOK = {"marker": "D", "markerfacecolor": "white", "markeredgecolor": "#444444", "linestyle": "", "markersize": 6}
DASHES = ("-", "--", "-.", ":")


def detection_scores_plot(folds: pd.DataFrame, table: pd.DataFrame, metric: str = "F1") -> Figure:
    """Draws one score by method, a panel per task: folds as dots, their mean as a bar, the paper's as a diamond.

    `folds` has ``method, task, metric, fold, value`` and `table` ``method, task, metric, mean, paper_mean``, whose
    order methods keep.
    """
    folds, table = folds[folds["metric"] == metric], table[table["metric"] == metric]
    methods, tasks = list(dict.fromkeys(table["method"])), list(dict.fromkeys(table["task"]))
    fig, axes = plt.subplots(
        1, len(tasks), figsize=(7.2, 1.3 + 0.4 * len(methods)), sharex=True, sharey=True, squeeze=False
    )
    for axis, task in zip(axes[0], tasks, strict=True):
        for height, method in enumerate(methods):
            row = table[table["method"].eq(method) & table["task"].eq(task)]
            dots = folds.loc[folds["method"].eq(method) & folds["task"].eq(task), "value"]
            axis.barh(height, row["mean"], height=0.5, color=color(method), alpha=0.35)
            axis.plot(
                dots, np.linspace(height - 0.15, height + 0.15, len(dots)), "o", color=color(method), markersize=4
            )
            axis.plot(row["paper_mean"], [height] * len(row), **PAPER_LOOK)
        axis.set(title=task, xlabel=metric)
        axis.grid(axis="y", visible=False)
    axes[0, 0].set_yticks(range(len(methods)), [row_of(method).name for method in methods])
    axes[0, 0].set_ylim(len(methods) - 0.4, -0.6)
    axes[0, 0].set_xlim(0, 1.03)
    fold = Line2D([], [], marker="o", color="#444444", linestyle="", markersize=4, label="one fold (bar: mean)")
    fig.legend(handles=[fold, Line2D([], [], label="the paper", **PAPER_LOOK)], loc="outside upper right", ncols=2)
    return fig


def precision_recall_plot(curves: pd.DataFrame, prevalence: dict[str, float]) -> Figure:
    """Draws precision against recall at every threshold, a panel per task; the dotted line is chance.

    `curves` is from `detect.scoring.precision_recall`; `prevalence` is the share of a task's boxes that are annotated,
    which is the precision of calling everything positive.
    """
    tasks, methods = list(dict.fromkeys(curves["task"])), list(dict.fromkeys(curves["method"]))
    height = 3.6 + 0.25 * -(-len(methods) // 2)  # the legend stands below, in two columns
    fig, axes = plt.subplots(1, len(tasks), figsize=(7.2, height), sharex=True, sharey=True, squeeze=False)
    areas = curves.drop_duplicates(["method", "task"]).set_index(["method", "task"])["average_precision"]
    for axis, task in zip(axes[0], tasks, strict=True):
        axis.axhline(prevalence[task], color="#444444", linewidth=0.9, linestyle=":")
        for method, dash in zip(methods, DASHES * len(methods), strict=False):
            part = curves[curves["task"].eq(task) & curves["method"].eq(method)]
            axis.step(part["recall"], part["precision"], where="pre", color=color(method), linestyle=dash)
        axis.set(title=task, xlabel="Recall", xlim=(0, 1.01), ylim=(0, 1.03))
    axes[0, 0].set_ylabel("Precision")
    handles = []
    for method, dash in zip(methods, DASHES * len(methods), strict=False):
        told = " / ".join(f"{areas[method, task]:.2f}" if (method, task) in areas else "–" for task in tasks)
        handles.append(Line2D([], [], color=color(method), linestyle=dash, label=f"{row_of(method).name} ({told})"))
    fig.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=8, handlelength=2.5, title_fontsize=8,
               title=f"average precision ({' / '.join(task.lower() for task in tasks)})")  # fmt: skip
    return fig


def annotation_plot(curve: pd.DataFrame) -> Figure:
    """Draws F1 against the share of the annotated boxes used (Figure 5), a panel per subtype.

    The line is the mean over seeds and folds, the band one standard error to each side; the dotted line is what the
    first method, the one from scratch, reaches with all boxes. `curve` has ``method, subtype, fraction, f1``.
    """
    methods, subtypes = list(dict.fromkeys(curve["method"])), list(dict.fromkeys(curve["subtype"]))
    fig, axes = plt.subplots(1, len(subtypes), figsize=(7.2, 3.6), sharex=True, sharey=True, squeeze=False)
    for axis, subtype in zip(axes[0], subtypes, strict=True):
        for method, marker in zip(methods, "os^v" * len(methods), strict=False):
            part = curve[curve["subtype"].eq(subtype) & curve["method"].eq(method)]
            groups = part.groupby("fraction")["f1"]
            mean, error = groups.mean(), groups.sem().fillna(0)
            axis.fill_between(100 * mean.index, mean - error, mean + error, color=color(method), alpha=0.2, linewidth=0)
            axis.plot(100 * mean.index, mean, marker=marker, color=color(method), label=row_of(method).name)
            if method == methods[0]:
                axis.axhline(mean.iloc[-1], color=color(method), linewidth=0.9, linestyle=":")
        axis.set(title=subtype.capitalize(), xlabel="Annotated boxes used (%)", ylim=(0, 1.03))
    axes[0, 0].set_ylabel("F1")
    axes[0, 0].legend(loc="lower right")
    return fig


def box_pictures(hu: np.ndarray, titles: Sequence[str], columns: int = 6) -> Figure:
    """Draws middle coronal slices of boxes in HU [N, n, n, n] (RAS+) in the paper's window, each under its title.

    Without boxes the figure says so.
    """
    if not len(hu):
        fig, axis = plt.subplots(figsize=(3.6, 0.6))
        axis.axis("off")
        axis.text(0.5, 0.5, "no boxes", ha="center", va="center")
        return fig
    columns = min(columns, len(hu))
    lines = -(-len(hu) // columns)
    fig, axes = plt.subplots(lines, columns, figsize=(1.2 * columns, 1.45 * lines), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, box, title in zip(axes.flat, hu, titles, strict=False):
        low, high = EMPHYSEMA_WINDOW
        axis.imshow(box[:, box.shape[1] // 2].T, cmap="gray", vmin=low, vmax=high, origin="lower")
        axis.set_title(title, fontsize=8)
    return fig
