"""Floor, ceiling and what lies between, target by target."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.methods import row_of
from drasclr_core.report.figures.evaluation.rows import label, task_rows
from drasclr_core.report.style import color

MARKERS = {"laa950": "D", "lung_density": "s", "untrained": "^", "closely": "o"}


def reach_chart(found: pd.DataFrame) -> Figure:
    """Draws each target as a grey bar from floor to ceiling with marks for the other roles, a panel per kind of score.

    `found` is from `evaluate.reach.reach`. A target without a ceiling has marks only.
    """
    percent = found["metric"].isin(PERCENT)
    panels = [part for part in (found[percent], found[~percent]) if len(part)]
    names = [list(dict.fromkeys(zip(part["task"], part["metric"], strict=True))) for part in panels]
    fig, axes = plt.subplots(
        len(panels), figsize=(7.2, 0.9 + 0.32 * sum(map(len, names)) + 0.5 * len(panels)), squeeze=False,
        height_ratios=[len(rows) + 0.5 for rows in names],
    )  # fmt: skip
    for axis, part, rows in zip(axes[:, 0], panels, names, strict=True):
        for height, (task, metric) in enumerate(rows):
            cell = part[part["task"].eq(task) & part["metric"].eq(metric)].set_index("role")
            if {"floor", "ceiling"} <= set(cell.index):
                low, high = cell.loc[["floor", "ceiling"], "mean"]
                axis.plot([low, high], [height, height], color="#cfcfcf", linewidth=9, solid_capstyle="butt", zorder=1)
            for role, marker in MARKERS.items():
                if role in cell.index:
                    method, value = cell.loc[role, ["method", "mean"]]
                    axis.plot(value, height, marker, color=color(method), markersize=6, zorder=2)
        task_rows(axis, [label(task, metric) for task, metric in rows])
        axis.set_xlabel(
            "Correct held-out subjects (%)" if part is panels[0] and percent.any() else "R², kappa, concordance"
        )
    shown = found.drop_duplicates("role").set_index("role")["method"]
    handles = [Line2D([], [], color="#cfcfcf", linewidth=9, label="floor to ceiling")]
    for role in [role for role in MARKERS if role in shown]:
        style = {"marker": MARKERS[role], "color": color(shown[role]), "label": row_of(shown[role]).name}
        handles.append(Line2D([], [], linestyle="", **style))
    fig.legend(handles=handles, loc="outside upper left", ncols=5)
    return fig
