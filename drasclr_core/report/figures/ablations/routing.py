"""Where in the lungs which kernel is used."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

MOST = 8
"""Experts that are drawn."""


def routing_maps(weights: np.ndarray, centres_mm: np.ndarray, layers: Sequence[int]) -> Figure:
    """Draws the routing weights of some layers over the landmarks, seen from the front, a column for each expert.

    Landmarks behind one another are averaged; the subject's right is on the left.

    Parameters
    ----------
    weights : float [layers, L, E]
        From `represent.conditioning.routing_weights`.
    centres_mm : float [L, 3]
        RAS mm.
    layers : sequence of int
        Which, counted from 0.
    """
    seen, column = np.unique(centres_mm[:, [0, 2]].round(3), axis=0, return_inverse=True)
    counts, experts = np.bincount(column.ravel()), min(MOST, weights.shape[2])
    fig, grid = plt.subplots(len(layers), experts, figsize=(7.2, 1.35 * len(layers) + 0.5), squeeze=False)
    for axes, layer in zip(grid, layers, strict=True):
        axes[0].set_ylabel(f"layer {layer + 1}", fontsize=8)
        for number, axis in enumerate(axes):
            mean = np.bincount(column.ravel(), weights[layer, :, number]) / counts
            drawn = axis.scatter(*seen.T, c=mean, s=5, cmap="viridis", vmin=0, vmax=1, marker="s")
            axis.set(xticks=[], yticks=[], aspect="equal")
            axis.invert_xaxis()
            axis.spines[:].set_visible(False)
            axis.grid(visible=False)
            if layer == layers[0]:
                axis.set_title(f"kernel {number + 1}", fontsize=8)
    fig.colorbar(drawn, ax=grid, shrink=0.8, label="routing weight")
    return fig
