"""Picture of what detectors call ill in healthy lungs, from one half on and from their operating points on."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from drasclr_core.methods import row_of
from drasclr_core.report.style import color

APART = 0.2
"""A method's two rows of dots lie so far above and below its line."""
GREY = "#444444"


def healthy_lungs_plot(points: pd.DataFrame) -> Figure:
    """Draws the share of each healthy lung that is called ill, two rows of dots per method, a panel per task.

    `points` has ``method, task, share, half`` (`detect.operating.find_operating_points`): open dots are from a
    probability of one half on, filled ones from the operating point on; the bars are their means.
    """
    tasks, methods = (list(dict.fromkeys(points[name])) for name in ("task", "method"))
    fig, axes = plt.subplots(1, len(tasks), figsize=(7.2, 1.5 + 0.55 * len(methods)), sharex=True, sharey=True,
                             squeeze=False)  # fmt: skip
    for axis, task in zip(axes[0], tasks, strict=True):
        for height, method in enumerate(methods):
            own = points[points["task"].eq(task) & points["method"].eq(method)]
            for column, up, filled in (("half", -APART, False), ("share", APART, True)):
                face = color(method) if filled else "none"
                axis.scatter(100 * own[column], np.full(len(own), height + up), s=16, facecolor=face,
                             edgecolor=color(method), linewidth=0.8, alpha=0.7)  # fmt: skip
                middle, reach = height + up, 0.16
                axis.vlines(100 * own[column].mean(), middle - reach, middle + reach, color=GREY, linewidth=1.8)
        axis.set(title=task, xlabel="Called ill of a healthy lung, %")
        axis.grid(axis="y", visible=False)
    axes[0, 0].set_yticks(range(len(methods)), [row_of(name).name for name in methods])
    axes[0, 0].set_ylim(len(methods) - 0.5, -0.5)
    handles = [Line2D([], [], linestyle="none", marker="o", markersize=4.5, markeredgecolor=GREY, label=label,
                      markerfacecolor=GREY if filled else "none")
               for label, filled in (("from 0.5 on", False), ("from the operating point on", True))]  # fmt: skip
    fig.legend(handles=[*handles, Line2D([], [], color=GREY, linewidth=1.8, label="mean")], loc="outside lower center",
               ncols=3)  # fmt: skip
    return fig
