"""Coronal slices of the lungs in the colours of a feature, and of the similarity to one voxel."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from drasclr_core.anatomy.overlays import View
from drasclr_core.imaging.constants import EMPHYSEMA_WINDOW
from drasclr_core.imaging.volume import Volume

MARGIN = 4
DISEASE_COLOR = "#e0245e"


class MapRow(NamedTuple):
    """One subject on one coronal slice.

    Attributes
    ----------
    title : str
    volume : Volume
    lungs : [x, y, z]
    index : int
        Of the slice along y.
    planes : list of [x, z]
        A map for each column; NaN beside the lungs.
    ill : bool [x, z] or None
        Where the disease truly is.
    clicked : (int, int) or None
        The voxel (x, z) that the others are compared with, where it is in this subject.
    """

    title: str
    volume: Volume
    lungs: np.ndarray
    index: int
    planes: list[np.ndarray]
    ill: np.ndarray | None = None
    clicked: tuple[int, int] | None = None


def component_maps(rows: list[MapRow], titles: list[str]) -> Figure:
    """Draws a row for each subject: its scan, then a map of each component on a scale that the subjects share."""
    fig, grid = _grid(rows, 1 + len(titles))
    for axis, title in zip(grid[0], ["scan", *titles], strict=True):
        axis.set_title(title, fontsize=9, loc="center")
    for number, column in enumerate(grid.T[1:]):
        every = np.concatenate([row.planes[number][np.isfinite(row.planes[number])] for row in rows])
        low, high = np.percentile(every, [2, 98])
        for axis, row in zip(column, rows, strict=True):
            drawn = _paint(axis, row, row.planes[number], "viridis", low, high)
        fig.colorbar(drawn, ax=list(column), orientation="horizontal", shrink=0.8, aspect=25, pad=0.02)
    return fig


def similarity_maps(rows: list[MapRow]) -> Figure:
    """Draws a row for each subject: scan, similarity to the clicked voxel (a cross), and the true disease if known."""
    known = any(row.ill is not None for row in rows)
    fig, grid = _grid(rows, 2 + known)
    titles = ["scan", "similarity to the voxel", "true emphysema"]
    for axis, title in zip(grid[0], titles[: 2 + known], strict=True):
        axis.set_title(title, fontsize=9, loc="center")
    for axes, row in zip(grid, rows, strict=True):
        drawn = _paint(axes[1], row, row.planes[0], "RdBu_r", -1, 1)
        if row.ill is not None:
            _scan(axes[2], row)
            shown = row.ill[::-1].T
            axes[2].imshow(np.ma.masked_where(~shown, shown), cmap=ListedColormap([DISEASE_COLOR]), origin="lower")
        if row.clicked:
            at = (row.lungs.shape[0] - 1 - row.clicked[0], row.clicked[1])
            for axis in axes:
                axis.plot(*at, "+", color="#111111", markersize=13, markeredgewidth=3.2)
                axis.plot(*at, "+", color="#ffe14d", markersize=11, markeredgewidth=1.6)
    fig.colorbar(drawn, ax=list(grid[:, 1]), orientation="horizontal", shrink=0.8, aspect=25, pad=0.02,
                 label="cosine")  # fmt: skip
    return fig


def _grid(rows: list[MapRow], columns: int) -> tuple[Figure, np.ndarray]:
    """Axes with every subject's scan in the first column, cut to the lungs."""
    reach = np.array([np.ptp(np.nonzero(row.lungs[:, row.index]), axis=1) for row in rows]).max(axis=0) + 2 * MARGIN
    width = 7.2 / columns
    fig, grid = plt.subplots(len(rows), columns, figsize=(7.2, width * reach[1] / reach[0] * len(rows) + 0.8),
                             squeeze=False)  # fmt: skip
    for axes, row in zip(grid, rows, strict=True):
        x, z = np.nonzero(row.lungs[:, row.index])
        middle = row.lungs.shape[0] - 1 - (x.min() + x.max()) / 2, (z.min() + z.max()) / 2
        for axis in axes:
            axis.set(xticks=[], yticks=[], facecolor="black")
            axis.spines[:].set_visible(False)
            axis.grid(visible=False)
            _scan(axis, row)
            axis.set(xlim=middle[0] + reach[0] / 2 * np.array([-1, 1]))
            axis.set(ylim=middle[1] + reach[1] / 2 * np.array([-1, 1]))
        axes[0].set_ylabel(row.title, fontsize=9)
    return fig, grid


def _scan(axis: Axes, row: MapRow) -> None:
    low, high = EMPHYSEMA_WINDOW
    axis.imshow(View(1, row.index).picture(row.volume.array), vmin=low, vmax=high, origin="lower",
                interpolation="bilinear")  # fmt: skip


def _paint(axis: Axes, row: MapRow, plane: np.ndarray, colors: str, low: float, high: float):
    return axis.imshow(plane[::-1].T, cmap=colors, vmin=low, vmax=high, origin="lower")
