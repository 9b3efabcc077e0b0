"""External validation: every score on the other cohort, beside that within the cohort on which the model was fitted."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.methods import in_order, row_of
from drasclr_core.report.figures.evaluation.rows import task_rows
from drasclr_core.report.style import color
from drasclr_core.report.tables import label

ROW = 0.16
"""Inches for each method of a task."""


def external_dots(table: pd.DataFrame) -> Figure:
    """Draws each score as a dot with its 95 % interval, and as a ring the score within the cohort that was fitted.

    `table` is that of `evaluate.external.external_table`. Scores in per cent have a panel of their own.
    """
    percent = table["metric"].isin(PERCENT)
    panels = [part for part in (table[~percent], table[percent]) if len(part)]
    methods = in_order(table["method"].unique())
    names = [list(dict.fromkeys(zip(part["task"], part["metric"], strict=True))) for part in panels]
    heights = [len(rows) * (ROW * len(methods) + 0.12) for rows in names]
    fig, axes = plt.subplots(
        len(panels), figsize=(7.2, 0.9 + sum(heights) + 0.5 * len(panels)), squeeze=False, height_ratios=heights,
        layout="constrained",
    )  # fmt: skip
    offsets = dict(zip(methods, np.linspace(-0.36, 0.36, len(methods)), strict=True))
    for axis, part, rows in zip(axes[:, 0], panels, names, strict=True):
        for row in part.itertuples():
            height = rows.index((row.task, row.metric)) + offsets[row.method]
            style = {"color": color(row.method), "zorder": 2}
            axis.plot([row.low, row.high], [height, height], linewidth=1.6, **style)
            axis.plot(row.mean, height, "o", markersize=4.5, **style)
            axis.plot(row.within, height, "o", markersize=6.5, fillstyle="none", markeredgewidth=1.2, **style)
        task_rows(axis, [label(task, metric) for task, metric in rows])
        axis.set_xlabel("Correct subjects (%)" if part["metric"].isin(PERCENT).all() else "R², concordance")
    handles = [Line2D([], [], marker="o", linestyle="", color=color(name), label=row_of(name).name) for name in methods]
    ring = {"marker": "o", "linestyle": "", "color": "0.4", "fillstyle": "none", "markersize": 6.5}
    handles.append(Line2D([], [], **ring, label="the same, cross-validated within the fitted cohort"))
    fig.legend(handles=handles, loc="outside upper left", ncols=3)
    return fig
