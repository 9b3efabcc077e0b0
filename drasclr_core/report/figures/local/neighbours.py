"""Patches and their nearest neighbours in other subjects, as axial slices."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from drasclr_core.anatomy.overlays import View

WINDOW = (-1050.0, -600.0)
"""HU from black to white: emphysema against lung tissue; vessels and chest wall are white."""
QUERY_COLOR = "#e69f00"


class PatchPicture(NamedTuple):
    """A patch with its context, int16 [n, n, n] HU, and what stands below it; no patch where there is no neighbour."""

    hu: np.ndarray | None
    caption: str


class NeighbourRow(NamedTuple):
    """A query and its neighbours, nearest first; `title` says why it was asked for."""

    title: str
    query: PatchPicture
    found: list[PatchPicture]


def neighbour_pictures(rows: list[NeighbourRow], seen: int, titles: list[str]) -> Figure:
    """Draws a row for each query: the query, framed in orange, then its neighbours.

    Each picture is the axial slice through the patch's middle, the subject's right on the left; the white frame is what
    the encoder sees, `seen` voxels wide. `titles` stand over the columns.
    """
    columns = 1 + max(len(row.found) for row in rows)
    fig, grid = plt.subplots(len(rows), columns, figsize=(7.2, 1.42 * len(rows) + 0.3), squeeze=False)
    for axes, row in zip(grid, rows, strict=True):
        pictures = [row.query, *row.found]
        for axis, picture in zip(axes, pictures + [PatchPicture(None, "")] * (columns - len(pictures)), strict=True):
            _draw(axis, picture, seen)
        axes[0].set_ylabel(row.title, fontsize=8)
        axes[0].spines[:].set(visible=True, color=QUERY_COLOR, linewidth=2.5)
    for axis, title in zip(grid[0], titles, strict=True):
        axis.set_title(title, fontsize=8, loc="center")
    return fig


def _draw(axis: Axes, picture: PatchPicture, seen: int) -> None:
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    axis.grid(visible=False)
    axis.set_xlabel(picture.caption, fontsize=7, labelpad=2)
    if picture.hu is None:
        return
    size = len(picture.hu)
    axis.imshow(View(2, size // 2).picture(picture.hu), vmin=WINDOW[0], vmax=WINDOW[1], origin="lower",
                interpolation="bilinear")  # fmt: skip
    corner = (size - seen) / 2 - 0.5
    axis.add_patch(Rectangle((corner, corner), seen, seen, fill=False, edgecolor="white", linewidth=0.8))
