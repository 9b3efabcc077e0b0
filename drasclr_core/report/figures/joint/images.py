"""Rows of small images, with the structures of a label map over them where there is one."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure


def image_rows(
    rows: Mapping[str, Sequence[np.ndarray]], labels: Mapping[str, Sequence[np.ndarray]] | None = None
) -> Figure:
    """Draws a row of grey images for each kind, from black (0) to white (1).

    Parameters
    ----------
    rows : mapping
        What a row is called -> images [h, w], 0 to 1, the first row of pixels on top.
    labels : mapping, optional
        Of some rows, classes [h, w] of each image's pixels; 0 is none and stays grey.
    """
    columns = max(map(len, rows.values()))
    fig, grid = plt.subplots(len(rows), columns, figsize=(7.2, 7.2 / columns * len(rows) + 0.1), squeeze=False)
    for axes, (name, images) in zip(grid, rows.items(), strict=True):
        for axis in axes:
            axis.set(xticks=[], yticks=[])
            axis.grid(visible=False)
            axis.spines[:].set_visible(False)
        for place, (axis, image) in enumerate(zip(axes, images, strict=False)):
            axis.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            if name in (labels or {}):
                classes = np.ma.masked_equal(labels[name][place], 0)
                axis.imshow(classes, cmap="Set1", vmin=1, vmax=9, alpha=0.45, interpolation="nearest")
        axes[0].set_ylabel(textwrap.fill(name, 14), fontsize=8)
    return fig
