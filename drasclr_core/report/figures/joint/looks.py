"""Where deformable attention looks along the slices."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure


def looks_plot(places: np.ndarray, even: np.ndarray, slices: int) -> Figure:
    """Draws, for each layer and head, how far the places lie from where they would be without offsets.

    Parameters
    ----------
    places : float [layers, B, groups, m]
        In slices from the first one on (see `image_volume.looked_at`).
    even : float [m]
        The places without offsets.
    slices : int
        Of a volume; beyond, the first or last slice is seen.
    """
    layers, _, groups, _ = places.shape
    fig, axes = plt.subplots(1, layers, figsize=(7.2, 0.9 + 0.34 * groups), sharey=True, squeeze=False)
    for layer, axis in enumerate(axes[0]):
        for place in even:
            axis.axvline(place, color="0.75", linewidth=0.8, linestyle="--")
        for group in range(groups):
            for number in range(len(even)):
                here = places[layer, :, group, number]
                low, middle, high = np.quantile(here, [0.05, 0.5, 0.95])
                axis.plot([low, high], [group, group], color=f"C{number}", linewidth=3, alpha=0.5)
                axis.plot(middle, group, "|", color=f"C{number}", markersize=9)
        axis.set(title=f"layer {layer + 1}", xlabel="slice", xlim=(-0.5 - slices / 4, slices * 1.25 - 0.5))
        axis.set_yticks(range(groups), [f"head {group + 1}" for group in range(groups)])
        axis.axvspan(-slices, -0.5, color="0.92", linewidth=0)
        axis.axvspan(slices - 0.5, 3 * slices, color="0.92", linewidth=0)
        axis.grid(axis="y", visible=False)
    axes[0, 0].set_ylim(groups - 0.5, -0.5)
    return fig
