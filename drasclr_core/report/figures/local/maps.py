"""One plane through the lungs in the colours of a feature, and of the similarity to one place."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from drasclr_core.imaging.constants import EMPHYSEMA_WINDOW

DISEASE_COLOR = "#e0245e"


class MapRow(NamedTuple):
    """One subject on one coronal plane; pictures have rows upwards and the subject's right on the left.

    Attributes
    ----------
    title : str
    scan : [R, C]
        HU.
    maps : list of [r, c]
        Of the same plane, perhaps coarser; NaN beside the lungs.
    ill : bool [R, C] or None
        Where the disease truly is.
    clicked : (float, float) or None
        Column and row of the maps that the others are compared with, where it is in this subject.
    """

    title: str
    scan: np.ndarray
    maps: list[np.ndarray]
    ill: np.ndarray | None = None
    clicked: tuple[float, float] | None = None


def component_maps(rows: list[MapRow], titles: list[str]) -> Figure:
    """Draws a row for each subject: scan, a map of each component, and the true disease if it is known.

    The subjects share each component's scale, which is even about 0, the mean of other people at the place.
    """
    fig, grid = _grid(rows, ["scan", *titles])
    for number, column in enumerate(grid.T[1 : 1 + len(titles)]):
        every = np.concatenate([row.maps[number][np.isfinite(row.maps[number])] for row in rows])
        most = np.percentile(np.abs(every), 98)
        for axis, row in zip(column, rows, strict=True):
            drawn = _paint(axis, row.maps[number], "PuOr_r", most)
        fig.colorbar(drawn, ax=list(column), orientation="horizontal", shrink=0.8, aspect=20, pad=0.02)
    return fig


def similarity_maps(rows: list[MapRow]) -> Figure:
    """Draws a row for each subject: scan, similarity to the clicked place (a cross), and the true disease if known."""
    fig, grid = _grid(rows, ["scan", "similarity"])
    for axes, row in zip(grid, rows, strict=True):
        drawn = _paint(axes[1], row.maps[0], "RdBu_r", 1)
        if row.clicked:
            for axis in axes:
                axis.plot(*row.clicked, "+", color="#111111", markersize=13, markeredgewidth=3.2)
                axis.plot(*row.clicked, "+", color="#ffe14d", markersize=11, markeredgewidth=1.6)
    fig.colorbar(drawn, ax=list(grid[:, 1]), orientation="horizontal", shrink=0.8, aspect=20, pad=0.02, label="cosine")
    return fig


def _grid(rows: list[MapRow], titles: list[str]) -> tuple[Figure, np.ndarray]:
    """Axes with titles; the scan in the first column and, where it is known, the disease on it in the last."""
    titles = titles + ["true emphysema"] * any(row.ill is not None for row in rows)
    tall, wide = rows[0].maps[0].shape
    size = (7.2, 7.2 / len(titles) * tall / wide * len(rows) + 0.9)
    fig, grid = plt.subplots(len(rows), len(titles), figsize=size, squeeze=False)
    for axes, row in zip(grid, rows, strict=True):
        for axis in axes:
            axis.set(xticks=[], yticks=[], xlim=(-0.5, wide - 0.5), ylim=(-0.5, tall - 0.5), aspect="equal")
            axis.spines[:].set_visible(False)
            axis.grid(visible=False)
        _scan(axes[0], row)
        if row.ill is not None:
            _scan(axes[-1], row)
            shown = np.ma.masked_where(~row.ill, row.ill)
            axes[-1].imshow(shown, cmap=ListedColormap([DISEASE_COLOR]), origin="lower", extent=_extent(row))
        axes[0].set_ylabel(row.title, fontsize=9)
    for axis, title in zip(grid[0], titles, strict=True):
        axis.set_title(title, fontsize=8, loc="center")
    return fig, grid


def _scan(axis: Axes, row: MapRow) -> None:
    low, high = EMPHYSEMA_WINDOW
    axis.imshow(row.scan, vmin=low, vmax=high, origin="lower", interpolation="bilinear", extent=_extent(row))


def _extent(row: MapRow) -> tuple[float, float, float, float]:
    """Places the finer pictures on the maps' pixels."""
    tall, wide = row.maps[0].shape
    return (-0.5, wide - 0.5, -0.5, tall - 0.5)


def _paint(axis: Axes, picture: np.ndarray, colors: str, most: float) -> AxesImage:
    return axis.imshow(picture, cmap=colors, vmin=-most, vmax=most, origin="lower")
