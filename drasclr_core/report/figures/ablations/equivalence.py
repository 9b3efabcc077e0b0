"""Differences beside the margin within which they count as none."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from drasclr_core.report.figures.evaluation.rows import label


def equivalence_plot(table: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Draws differences with 90 % intervals beside the margins within which two methods count as alike.

    `table` is from `evaluate.ablations.equivalence`; `names` are the two methods as the page calls them. Every
    difference is in units of its margin, so that accuracies and fractions share the axis.
    """
    fig, axis = plt.subplots(figsize=(7.2, 0.9 + 0.3 * len(table)))
    axis.axvspan(-1, 1, color="#009E73", alpha=0.12, linewidth=0)
    axis.axvline(0, color="#444444", linewidth=0.8)
    for height, row in enumerate(table.itertuples()):
        low, middle, high = (value / row.margin for value in (row.low, row.difference, row.high))
        axis.plot([low, high], [height, height], color="C0", linewidth=1.6)
        axis.plot(middle, height, "o", color="C0", markersize=5)
    axis.set_yticks(range(len(table)), [label(row.task, row.metric) for row in table.itertuples()])
    axis.set_ylim(len(table) - 0.5, -0.5)
    axis.grid(axis="y", visible=False)
    axis.set_xlabel(f"{names[0]} minus {names[1]}, in margins; within the green band they count as alike")
    return fig
