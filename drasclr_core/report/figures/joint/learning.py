"""How joint trainings went: each loss, and how many clusters are in use."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from drasclr_core.methods import row_of
from drasclr_core.report.style import color
from drasclr_core.represent.trainings.logs import smoothed

PANELS = {"loss_intra": "clusters of slices", "loss_mask": "hidden slices", "loss_inter": "clusters of volumes",
          "in_use_2d": "clusters in use, slices (%)", "in_use_3d": "clusters in use, volumes (%)"}  # fmt: skip
"""Columns of a log, and what a panel calls them."""


def joint_curves(logs: Mapping[str, pd.DataFrame]) -> Figure:
    """Draws a panel for each loss and each engine's clusters in use, with a line for each training.

    Parameters
    ----------
    logs : mapping
        Training -> its log, ``log.csv``. A loss that it leaves out is 0 throughout, and is not drawn. The dashed line
        is the loss of who has learnt nothing about the clusters of slices.
    """
    fig, grid = plt.subplots(2, 3, figsize=(7.2, 4.0), sharex=True)
    for axis, (column, title) in zip(grid.flat, PANELS.items(), strict=False):
        for name, log in logs.items():
            twin = {"in_use_2d": "loss_intra", "in_use_3d": "loss_inter"}.get(column, column)
            if (log[twin] == 0).all():
                continue
            shown = log[column] * (100 if column.startswith("in_use") else 1)
            axis.plot(100 * log["step"] / log["step"].iloc[-1], smoothed(shown), color=color(name), linewidth=1.3)
            if column == "loss_intra":
                axis.axhline(log["chance"].iloc[-1], color="0.6", linewidth=0.8, linestyle="--")
        axis.set_title(title, fontsize=9)
    grid[1, 2].set_visible(False)
    lines = [plt.Line2D([], [], color=color(name), label=row_of(name).name) for name in logs]
    fig.legend(handles=lines, loc="outside upper left", ncols=3, fontsize=8)
    fig.supxlabel("Steps done (%)", fontsize=9)
    return fig
