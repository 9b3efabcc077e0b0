"""Slices of scans side by side, at the same places of the lungs and in the same window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from drasclr_core.imaging.constants import HU_WINDOW
from drasclr_core.imaging.volume import Volume

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLACES = (("axial, upper third", 2, 0.70), ("axial, lower third", 2, 0.32), ("coronal", 1, 0.48), ("sagittal", 0, 0.76))


def lung_slice(volume: Volume, lungs: np.ndarray, axis: int, place: float, margin_mm: float = 14.0) -> np.ndarray:
    """Returns one slice cut to the lungs, as radiologists see it: an image [row, column], right on the left side.

    The head (in axial slices the front) is on top; in sagittal slices the front is on the left.

    Parameters
    ----------
    volume : Volume
    lungs : uint8 [x, y, z]
        Not 0 in the lungs.
    axis : int
        0 sagittal, 1 coronal, 2 axial.
    place : float
        Where along the extent of the lungs: 0 left, back or bottom, 1 right, front or top.
    margin_mm : float
        Kept round the lungs.
    """
    margin, cut = [round(margin_mm / size) for size in volume.spacing], []
    for k in range(3):
        used = np.flatnonzero(lungs.any(axis=tuple(set(range(3)) - {k})))
        low, high = used[0], used[-1]
        if k == axis:
            cut.append(round(low + place * (high - low)))
        else:
            cut.append(slice(max(low - margin[k], 0), high + margin[k] + 1))
    return volume.array[tuple(cut)].T[::-1, ::-1]


def side_by_side(scans: Mapping[str, tuple[Volume, np.ndarray]], window: tuple[float, float] = HU_WINDOW) -> Figure:
    """Returns a figure with one column per scan (name -> volume, lungs) and one row per place in `PLACES`."""
    import matplotlib.pyplot as plt  # processes that simulate need no pictures

    images = [[lung_slice(*scan, axis, place) for scan in scans.values()] for _, axis, place in PLACES]
    ratios = [max(len(image) / image.shape[1] for image in row) for row in images]
    fig, axes = plt.subplots(len(PLACES), len(scans), figsize=(2.4 * len(scans), 2.4 * sum(ratios)), squeeze=False,
                             height_ratios=ratios)  # fmt: skip
    for row, (place, _, _), shown in zip(axes, PLACES, images, strict=True):
        for ax, image in zip(row, shown, strict=True):
            ax.imshow(image, cmap="gray", vmin=window[0], vmax=window[1])
            ax.set(xticks=[], yticks=[])
            ax.grid(False)
            ax.spines[:].set_visible(False)
        row[0].set_ylabel(place)
    for ax, name in zip(axes[0], scans, strict=True):
        ax.set_title(name, fontsize=9)
    return fig
