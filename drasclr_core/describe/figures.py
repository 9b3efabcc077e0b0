"""Pictures of one described scan: emphysema on slices, density, and the scan among a cohort."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from drasclr_core.anatomy.overlays import NAMES, View
from drasclr_core.describe.among_cohort import NEIGHBOURS
from drasclr_core.describe.description import Description
from drasclr_core.imaging.constants import EMPHYSEMA_WINDOW, LOW_ATTENUATION
from drasclr_core.imaging.volume import Volume
from drasclr_core.report.figures.emphysema.maps import extent, paint
from drasclr_core.report.style import STRUCTURES

OUTLINE = "#56b4e9"
MARGIN_MM = 10.0
"""So much is shown round the lungs."""
PARTS = (0.25, 0.5, 0.75)
"""Slices lie where so much of the lungs' volume is in front (coronal) or above (axial)."""
SCAN_COLOR, COHORT_COLOR = "#d55e00", "#0072b2"


def slices_figure(volume: Volume, lungs: np.ndarray, masks: dict[str, np.ndarray], axis: int) -> tuple[Figure, str]:
    """Draws three slices in the emphysema window with the lungs' outline, and below the same ones with the masks.

    Parameters
    ----------
    volume : Volume
    lungs : uint8 [x, y, z]
    masks : dict of bool [x, y, z]
        By subtype; without any there is one row only.
    axis : int
        1 coronal, from the front backwards, 2 axial, from the top down.

    Returns
    -------
    Figure, str
        The picture and its alternative text.
    """
    inside = lungs > 0
    across = tuple(other for other in range(3) if other != axis)
    filled = np.cumsum(inside.sum(axis=across)[::-1])  # from the front, or from the top
    indices = [len(filled) - 1 - int(np.searchsorted(filled, part * filled[-1])) for part in PARTS]
    rows = 2 if masks else 1
    fig, grid = plt.subplots(rows, 3, figsize=(9, 2.9 * rows if axis == 1 else 2.5 * rows), squeeze=False)
    for column, index in enumerate(indices):
        view = View(axis, index)
        for row in range(rows):
            axes = grid[row, column]
            _slice(axes, view, volume, inside)
            if row:
                _paint(axes, view, masks)
        grid[0, column].set_title(f"{NAMES[axis]}, {'xyz'[axis]} = {_mm(volume, view):.0f} mm", fontsize="small")
    handles = [Line2D([], [], color=OUTLINE, label="lungs")]
    handles += [Patch(color=STRUCTURES[name], alpha=0.6, label=f"{name} emphysema, detected") for name in masks]
    fig.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    shares = ", ".join(f"{name} in {100 * mask[inside].mean():.1f} % of the lungs" for name, mask in masks.items())
    low, high = EMPHYSEMA_WINDOW
    alt = f"Three {NAMES[axis]} slices of the lungs in the window {low:.0f} to {high:.0f} HU"
    return fig, f"{alt}, below with what was detected: {shares}." if masks else f"{alt}."


def density_figure(hu: np.ndarray, whole: dict) -> tuple[Figure, str]:
    """Draws a histogram of how dense the lungs are, with LAA-950, mean and 15th percentile.

    Parameters
    ----------
    hu : float [N]
        Of the lung voxels.
    whole : dict
        ``mean_hu, perc15_hu, laa950_pct``.
    """
    edges = np.arange(-1030, -395, 10.0)
    shares = 100 * np.histogram(hu.clip(edges[0], edges[-1]), edges)[0] / hu.size
    fig, axes = plt.subplots(figsize=(7.2, 2.6))
    dark = edges[:-1] < LOW_ATTENUATION
    for chosen, color, label in ((dark, SCAN_COLOR, f"LAA-950: {whole['laa950_pct']:.1f} %"), (~dark, "#9aa3ad", None)):
        axes.bar(edges[:-1][chosen], shares[chosen], 10, align="edge", color=color, label=label)
    for value, style, label in ((whole["perc15_hu"], ":", "15th percentile"), (whole["mean_hu"], "--", "mean")):
        axes.axvline(value, color="black", ls=style, lw=1.2, label=f"{label}: {value:.0f} HU")
    axes.set(xlabel="density of lung voxels (HU; the last bar holds all above)", ylabel="share of the lungs (%)")
    fig.legend(loc="outside right upper")
    alt = (f"Histogram of lung density: mean {whole['mean_hu']:.0f} HU, 15th percentile {whole['perc15_hu']:.0f} HU, "
           f"{whole['laa950_pct']:.1f} % below -950 HU.")  # fmt: skip
    return fig, alt


def cohort_figure(found: Description) -> tuple[Figure, str]:
    """Draws the scan among the run's cohort: features in two dimensions, distance from the nearest, LAA-950.

    Parameters
    ----------
    found : Description
        With a place.
    """
    place, whom = found.place, found.compared_with
    laa = found.cohort.get("LAA950_pct")
    fig, grid = plt.subplots(1, 3 if laa is not None else 2, figsize=(9, 3.0))
    shade = {"color": COHORT_COLOR} if laa is None else {"c": laa, "cmap": "viridis"}
    points = grid[0].scatter(*place.points.T, s=16, **shade)
    grid[0].scatter(*place.point, marker="*", s=170, color=SCAN_COLOR, edgecolor="black", lw=0.6)
    grid[0].set(title="Features", xlabel=f"component 1 ({place.explained[0]:.0f} %)",
                ylabel=f"component 2 ({place.explained[1]:.0f} %)")  # fmt: skip
    if laa is not None:
        fig.colorbar(points, ax=grid[0], label="LAA-950 (%)", shrink=0.8)
    _among(grid[1], place.usual, place.distance, "Unlikeness", f"distance from the {NEIGHBOURS} most similar (s.d.)")
    alt = (f"{whom} and this scan along two components of their features; its distance from the "
           f"nearest is {place.distance:.2f}, theirs {place.usual.min():.2f} to {place.usual.max():.2f}")  # fmt: skip
    if laa is not None:
        _among(grid[2], laa.dropna(), found.whole["laa950_pct"], "LAA-950", "LAA-950 (%)")
        alt += f"; its LAA-950 is {found.whole['laa950_pct']:.1f} %, theirs {laa.min():.1f} to {laa.max():.1f} %"
    handles = [Line2D([], [], ls="", marker="o", color=COHORT_COLOR, label=whom),
               Line2D([], [], ls="", marker="*", ms=11, color=SCAN_COLOR, mec="black", label="this scan")]  # fmt: skip
    fig.legend(handles=handles, loc="outside lower center", ncols=2)
    return fig, f"{alt}."


def _slice(axes: Axes, view: View, volume: Volume, inside: np.ndarray) -> None:
    low, high = EMPHYSEMA_WINDOW
    picture = view.picture(volume.array)
    axes.imshow(picture, cmap="gray", vmin=low, vmax=high, origin="lower", interpolation="bilinear")
    axes.contour(view.picture(inside), [0.5], colors=[OUTLINE], linewidths=0.9)
    across, up = (axis for axis in range(3) if axis != view.axis)
    margin = MARGIN_MM / volume.spacing[0] * np.array([-1, 1])
    left_to_right = inside.shape[across] - 1 - extent(inside, across)[::-1]
    axes.set(xlim=left_to_right + margin, ylim=extent(inside, up) + margin)
    for letter, where, side in (("R", 0.02, "left"), ("L", 0.98, "right")):
        axes.text(where, 0.97, letter, color=OUTLINE, transform=axes.transAxes, ha=side, va="top", weight="bold")
    axes.set_axis_off()


def _paint(axes: Axes, view: View, masks: dict[str, np.ndarray]) -> None:
    for name, mask in masks.items():
        picture = view.picture(mask)
        if picture.any():
            paint(axes, picture, STRUCTURES[name], 0.45)
            axes.contour(picture, [0.5], colors=[STRUCTURES[name]], linewidths=0.8)


def _mm(volume: Volume, view: View) -> float:
    return float(volume.affine[view.axis, 3] + view.index * volume.spacing[view.axis])


def _among(axes: Axes, cohort: np.ndarray, ours: float, title: str, label: str) -> None:
    axes.hist(cohort, bins=14, color=COHORT_COLOR, rwidth=0.9)
    axes.axvline(ours, color=SCAN_COLOR, lw=2.2)
    axes.set(title=title, xlabel=label, ylabel="subjects")
