"""How the trainings of several methods went."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from drasclr_core.methods import in_order, row_of
from drasclr_core.report.style import color

ACROSS = 4


def learning_curves(curves: pd.DataFrame) -> Figure:
    """Draws each method's loss, relative to its first value, in a panel of its own; all panels have one scale.

    `curves` are from `represent.trainings.training_curves`.
    """
    names = in_order(curves["method"].unique())
    rows = -(-len(names) // ACROSS)
    fig, grid = plt.subplots(rows, ACROSS, figsize=(7.2, 1.55 * rows + 0.4), sharex=True, sharey=True, squeeze=False)
    for axis, name in zip(grid.flat, names, strict=False):
        part = curves[curves["method"] == name]
        axis.axhline(1, color="0.6", linewidth=0.8, linestyle="--")
        axis.plot(100 * part["done"], part["relative"], color=color(name), linewidth=1.4)
        axis.set_title(row_of(name).name, fontsize=8)
    for axis in list(grid.flat)[len(names) :]:
        axis.set_visible(False)
    fig.supxlabel("Steps done (%)", fontsize=9)
    fig.supylabel("Loss / its first value", fontsize=9)
    return fig


def probe_dumbbells(gains: pd.DataFrame) -> Figure:
    """Draws, for each label, what a probe reads from every method's encoder before (open) and after training (full).

    `gains` are from `represent.trainings.probe_gains`.
    """
    labels, names = list(dict.fromkeys(gains["label"])), in_order(gains["method"].unique())
    fig, axes = plt.subplots(1, len(labels), figsize=(7.2, 0.9 + 0.28 * len(names)), sharey=True, squeeze=False)
    heights = {name: -height for height, name in enumerate(names)}
    for axis, label in zip(axes[0], labels, strict=True):
        axis.axvline(0, color="0.6", linewidth=0.8, linestyle="--")
        for row in gains[gains["label"] == label].itertuples():
            before, after = np.clip([row.before, row.after], -0.3, None)
            height = heights[row.method]
            axis.plot([before, after], [height, height], color=color(row.method), linewidth=1.5, alpha=0.6)
            axis.plot(before, height, "o", color=color(row.method), markerfacecolor="white", markersize=5)
            axis.plot(after, height, "o", color=color(row.method), markersize=6)
        axis.set(title=label, xlabel="R²")
    axes[0, 0].set_yticks(list(heights.values()), [row_of(name).name for name in heights])
    return fig
