"""Subjects in the two directions in which their features differ most, coloured by the density of their lungs."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from drasclr_core.methods import row_of

ACROSS = 4


def directions_plot(points: pd.DataFrame, table: pd.DataFrame) -> Figure:
    """Draws a panel for each method, a dot for each subject, with what the density explains in its title.

    `points` has ``method, first, second, mean_hu``, `table` ``method, density`` (both of
    `evaluate.body.directions_table`). Each panel has scales of its own, the same for both directions.
    """
    methods = list(dict.fromkeys(points["method"]))
    across = min(ACROSS, len(methods))
    down = -(-len(methods) // across)
    fig, axes = plt.subplots(down, across, figsize=(7.2, 2.2 * down + 0.9), squeeze=False)
    explained, picture = table.set_index("method")["density"], None
    low, high = points["mean_hu"].quantile([0.02, 0.98])
    for axis, method in zip(axes.flat, methods, strict=False):
        own = points[points["method"] == method]
        picture = axis.scatter(own["first"], own["second"], c=own["mean_hu"], cmap="viridis", vmin=low, vmax=high, s=7)
        axis.set_title(f"{row_of(method).name}\n{100 * explained[method]:.0f} %", fontsize=7)
        axis.set_aspect("equal", adjustable="datalim")
        axis.set_xticks([])
        axis.set_yticks([])
    for axis in list(axes.flat)[len(methods) :]:
        axis.set_visible(False)
    fig.colorbar(picture, ax=axes, label="Mean density of the lungs, HU", location="bottom", fraction=0.05, shrink=0.5)
    return fig
