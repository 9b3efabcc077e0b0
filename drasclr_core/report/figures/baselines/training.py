"""Learning curves of the supervised network."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from drasclr_core.report.style import color


def curves_of_training(curves: pd.DataFrame) -> Figure:
    """Draws training (faint) and validation loss by epoch, a line for every network, and a dot where weights are kept.

    `curves` are from `evaluate.supervised.learning_curves`. Losses far above those of the first epochs, which single
    epochs of a small network may have, are cut off.
    """
    fig, axis = plt.subplots(figsize=(7.2, 3.0))
    mine = color("cnn3d")
    for _, part in curves.groupby(["repeat", "fold"]):
        axis.plot(part["epoch"] + 1, part["training_loss"], color="#9a9a9a", linewidth=0.7, alpha=0.6)
        axis.plot(part["epoch"] + 1, part["validation_loss"], color=mine, linewidth=1.0, alpha=0.8)
        best = part[part["kept"]]
        axis.plot(best["epoch"] + 1, best["validation_loss"], "o", color=mine, markersize=5, zorder=3)
    first = curves.loc[curves["epoch"] == 0, ["training_loss", "validation_loss"]].to_numpy()
    axis.set(xlabel="Epoch", ylabel="Cross entropy", ylim=(0, 1.25 * float(first.max())))
    lines = [Line2D([], [], color=mine, label="validation"), Line2D([], [], color="#9a9a9a", label="training"),
             Line2D([], [], color=mine, marker="o", linestyle="", label="kept")]  # fmt: skip
    axis.legend(handles=lines)
    return fig
