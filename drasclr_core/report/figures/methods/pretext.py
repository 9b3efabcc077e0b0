"""What each method is asked to do with a patch, as axial slices."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from drasclr_core.anatomy.overlays import View
from drasclr_core.methods import row_of
from drasclr_core.report.style import color


def pretext_gallery(pictures: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draws a row for each method: the axial slice through the middle of each picture, with its caption.

    Parameters
    ----------
    pictures : mapping
        Method -> caption -> array [n, n, n]: numbers on [-1, 1], or whole numbers, classes of voxels.
    """
    columns = max(len(row) for row in pictures.values())
    fig, grid = plt.subplots(len(pictures), columns, figsize=(7.2, 1.5 * len(pictures)), squeeze=False)
    for axes, (method, row) in zip(grid, pictures.items(), strict=True):
        for axis in axes:
            axis.set(xticks=[], yticks=[])
            axis.grid(visible=False)
            axis.spines[:].set_visible(False)
        for axis, (caption, array) in zip(axes, row.items(), strict=False):
            classes = np.issubdtype(array.dtype, np.integer)
            style = {"cmap": "tab20", "vmin": 0, "vmax": 19} if classes else {"cmap": "gray", "vmin": -1, "vmax": 1}
            axis.imshow(View(2, len(array) // 2).picture(array), origin="lower", interpolation="nearest", **style)
            axis.set_xlabel(textwrap.fill(caption, 24), fontsize=7, labelpad=2)
        axes[0].set_ylabel(textwrap.fill(row_of(method).name, 16), fontsize=8)
        axes[0].spines["left"].set(visible=True, color=color(method), linewidth=3)
    return fig
