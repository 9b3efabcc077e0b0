"""How well a readout tells the true disease of a patch: all patches together, and landmark by landmark."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from drasclr_core.methods import row_of
from drasclr_core.report.style import color

BELOW, UNKNOWN = "#d9d9d9", "#ffffff"


def score_chart(panels: dict[str, pd.DataFrame], value: str, xlabel: str, floor: float, ceiling: float) -> Figure:
    """Draws a score of each method with its interval, a panel for each table, with lines at floor and ceiling.

    `panels` are tables with ``method``, the column `value`, ``low`` and ``high``, by title.
    """
    names = list(dict.fromkeys(name for table in panels.values() for name in table["method"]))
    size = (7.2, 0.34 * len(names) + 1.0)
    fig, axes = plt.subplots(1, len(panels), figsize=size, squeeze=False, sharey=True, sharex=True)
    for axis, (title, table) in zip(axes[0], panels.items(), strict=True):
        for end, style in ((floor, ":"), (ceiling, "--")):
            axis.axvline(end, color="#777777", linestyle=style, linewidth=1)
        for row in table.itertuples():
            height, shade = names.index(row.method), color(row.method)
            axis.plot([row.low, row.high], [height, height], color=shade, linewidth=2.4, solid_capstyle="butt")
            axis.plot(getattr(row, value), height, "o", color=shade, markersize=6)
        axis.set(title=title, xlabel=xlabel)
        axis.set_yticks(range(len(names)), [row_of(name).name for name in names])
        axis.set_ylim(len(names) - 0.5, -0.5)
        axis.grid(axis="y", visible=False)
    return fig


def landmark_maps(scores: dict[str, dict[str, pd.DataFrame]], locations: np.ndarray) -> Figure:
    """Draws R2 over the atlas seen from the front: a row for each disease, a column for each method.

    Landmarks behind one another are taken together (their sums of squares are added). Grey is 0 or less; an empty
    square, a place at which too few subjects are ill.

    Parameters
    ----------
    scores : dict of dict of DataFrame
        Disease -> method -> what `landmark_scores` returned.
    locations : float [L, 3]
        In [-1, 1].
    """
    methods = list(next(iter(scores.values())))
    fig, grid = plt.subplots(len(scores), len(methods), figsize=(7.2, 2.5 * len(scores) + 0.4), squeeze=False,
                             sharex=True, sharey=True)  # fmt: skip
    colors = plt.get_cmap("viridis").with_extremes(under=BELOW)
    columns = len(np.unique(np.round(locations[:, 0], 3)))
    edge = (7.2 * 72 / len(methods) * 0.78 / (columns + 1)) ** 2
    for axes, (disease, tables) in zip(grid, scores.items(), strict=True):
        for axis, method in zip(axes, methods, strict=True):
            seen = from_the_front(tables[method], locations)
            empty = seen[seen["r2"].isna()]
            look = {"marker": "s", "s": edge, "linewidths": 0.6}
            axis.scatter(empty["x"], empty["z"], facecolor=UNKNOWN, edgecolor="#bbbbbb", **look)
            seen = seen[seen["r2"].notna()]
            drawn = axis.scatter(seen["x"], seen["z"], c=seen["r2"], cmap=colors, vmin=1e-6, vmax=1, **look)
            axis.set(xticks=[], yticks=[], aspect="equal", xlim=(1.1, -1.1), ylim=(-1.1, 1.1))
            axis.spines[:].set_visible(False)
            axis.grid(visible=False)
        axes[0].set_ylabel(disease, fontsize=9)
    for axis, method in zip(grid[0], methods, strict=True):
        axis.set_title(row_of(method).name, fontsize=9, loc="center")
    fig.colorbar(drawn, ax=list(grid.ravel()), orientation="horizontal", shrink=0.5, aspect=40, extend="min",
                 label="R² of held-out subjects")  # fmt: skip
    return fig


def from_the_front(table: pd.DataFrame, locations: np.ndarray) -> pd.DataFrame:
    """Returns ``x, z, r2`` of what is seen from the front, given the scores of the landmarks [L] and their places."""
    placed = table.assign(x=np.round(locations[:, 0], 3), z=np.round(locations[:, 2], 3))
    told = placed["r2"].notna()
    sums = placed.assign(missed=placed["missed"].where(told), spread=placed["spread"].where(told))
    sums = sums.groupby(["x", "z"], as_index=False)[["missed", "spread"]].sum(min_count=1)
    return sums.assign(r2=1 - sums["missed"] / sums["spread"])[["x", "z", "r2"]]
