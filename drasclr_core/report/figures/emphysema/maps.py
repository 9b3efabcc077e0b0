"""Pictures of emphysema maps: coronal slices by stage (Figure 3), detected shares by stage (Figure 4)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from PIL import Image

from drasclr_core.anatomy.lungs.low_attenuation import low_attenuation_mask
from drasclr_core.anatomy.overlays import View
from drasclr_core.cohort.stages import PRISM, stage_name
from drasclr_core.evaluate.overlap import share_agreement
from drasclr_core.imaging.constants import EMPHYSEMA_WINDOW
from drasclr_core.imaging.volume import Volume
from drasclr_core.report.style import STRUCTURES, color

LUNG_COLOR, FOUND_COLOR, TRUE_COLOR = "#3b7dd8", "#e0245e", "#ffd166"
MARGIN_MM = 8.0


class Column(NamedTuple):
    """One subject of `coronal_maps`.

    Attributes
    ----------
    title : str
    volume : Volume
    lungs : [x, y, z]
    layers : dict of [x, y, z]
        Row -> mask painted in red.
    outlines : dict of [x, y, z]
        Row -> mask drawn as an outline, for rows that have a truth.
    """

    title: str
    volume: Volume
    lungs: np.ndarray
    layers: dict[str, np.ndarray]
    outlines: dict[str, np.ndarray]


def darkest_coronal(volume: Volume, lungs: np.ndarray) -> int:
    """Index of the coronal slice with the most lung below -950 HU, of those with at least half as much lung as any.

    It is chosen without asking a detector or the truth.
    """
    area = (np.asarray(lungs) > 0).sum(axis=(0, 2))
    dark = low_attenuation_mask(volume, lungs).sum(axis=(0, 2))
    return int(np.where(2 * area >= area.max(), dark, -1).argmax())


def coronal_maps(columns: list[Column], rows: list[str]) -> Figure:
    """Coronal slices: one column per subject, one row per layer; lungs blue, layers red, truth outlined.

    All slices have the same scale; the subject's right is on the left.
    """
    reach = np.max([_reach(column) for column in columns], axis=0) / 2 + MARGIN_MM
    width = 1.75 * max(len(columns), 2)
    height = 1.75 * reach[1] / reach[0]
    fig, axes = plt.subplots(len(rows), len(columns), figsize=(width + 0.3, height * len(rows) + 0.5), squeeze=False)
    for column_axes, column in zip(axes.T, columns, strict=True):
        view = View(1, darkest_coronal(column.volume, column.lungs))
        spacing, lungs = column.volume.spacing[0], view.picture(column.lungs > 0)
        middle = [extent(column.lungs, along).mean() for along in (0, 2)]
        middle[0] = column.lungs.shape[0] - 1 - middle[0]  # pictures are mirrored: the subject's right is on the left
        for axis, row in zip(column_axes, rows, strict=True):
            slab = view.picture(column.volume.array)
            axis.imshow(
                slab, vmin=EMPHYSEMA_WINDOW[0], vmax=EMPHYSEMA_WINDOW[1], origin="lower", interpolation="bilinear"
            )
            paint(axis, lungs, LUNG_COLOR, 0.22)
            paint(axis, view.picture(np.asarray(column.layers[row]) > 0), FOUND_COLOR, 0.6)
            outline = view.picture(np.asarray(column.outlines.get(row, np.zeros_like(column.lungs))) > 0)
            if outline.any():
                axis.contour(outline, [0.5], colors=[TRUE_COLOR], linewidths=0.9)
            half = reach / spacing
            axis.set(xlim=middle[0] + half[0] * np.array([-1, 1]), ylim=middle[1] + half[1] * np.array([-1, 1]))
            axis.set(xticks=[], yticks=[], aspect="equal")
            axis.spines[:].set_visible(False)
            axis.grid(visible=False)
        column_axes[0].set_title(column.title, fontsize=9, loc="center")
    for axis, row in zip(axes[:, 0], rows, strict=True):
        axis.set_ylabel(row, fontsize=9)
    handles = [Patch(color=LUNG_COLOR, alpha=0.5, label="lungs"), Patch(color=FOUND_COLOR, alpha=0.7, label="detected")]
    if any(column.outlines for column in columns):
        handles.append(Line2D([], [], color=TRUE_COLOR, label="truth"))
    fig.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return fig


def picture_row(files: list[Path], titles: list[str]) -> Figure:
    """Pictures side by side, at most three in a row, each under its title."""
    across = min(max(len(files), 2), 3)
    down = -(-len(files) // across)
    fig, axes = plt.subplots(down, across, figsize=(2.4 * across, 2.1 * down), squeeze=False)
    for axis in axes.flat[len(files) :]:
        axis.set_axis_off()
    for axis, file, title in zip(axes.flat, files, titles, strict=False):
        picture = np.asarray(Image.open(file))
        shown = np.flatnonzero((picture.max(axis=2) > 90).any(axis=0))  # without the empty sides
        left, right = (shown[0], shown[-1]) if len(shown) else (0, picture.shape[1] - 1)
        axis.imshow(picture[:, max(left - 12, 0) : right + 13], interpolation="bilinear")
        axis.set_title(title, fontsize=8, loc="center")
        axis.set_axis_off()
    return fig


def share_boxes(table: pd.DataFrame) -> Figure:
    """Draws box plots with points of the detected share by stage, one panel per subtype; PRISm apart from the stages.

    The table has ``GOLD, subtype, detected`` (per cent of the lungs).
    """
    subtypes = list(dict.fromkeys(table["subtype"]))
    stages = sorted(int(stage) for stage in table["GOLD"].unique())
    fig, axes = plt.subplots(1, len(subtypes), figsize=(7.2, 3.4), squeeze=False)
    positions = {stage: position + 0.5 * (PRISM in stages and stage != PRISM) for position, stage in enumerate(stages)}
    for axis, subtype in zip(axes[0], subtypes, strict=True):
        part, rng = table[table["subtype"] == subtype], np.random.default_rng(0)
        for stage, position in positions.items():
            values, shade = part.loc[part["GOLD"] == stage, "detected"].dropna().to_numpy(), _shade(subtype, stage)
            look = {"facecolor": shade, "alpha": 0.35, "edgecolor": shade}
            line = {"color": shade, "linewidth": 1.2}
            if len(values) > 3:  # of fewer, quartiles say no more than the points
                axis.boxplot(values, positions=[position], widths=0.6, showfliers=False, patch_artist=True,
                             boxprops=look, medianprops={"color": "#222222", "linewidth": 1.6}, whiskerprops=line,
                             capprops=line, manage_ticks=False)  # fmt: skip
            jitter = position + 0.16 * rng.uniform(-1, 1, len(values))
            axis.plot(jitter, values, "o", color=shade, markersize=3.6, markeredgecolor="white", markeredgewidth=0.4)
        counts = part.groupby("GOLD")["detected"].count()
        labels = [f"{stage_name(stage).removeprefix('GOLD ')}\nn = {counts.get(stage, 0)}" for stage in stages]
        axis.set_xticks(list(positions.values()), labels)
        axis.set(title=subtype.capitalize(), xlabel="GOLD stage", xlim=(-0.7, max(positions.values()) + 0.7))
        axis.set_ylim(bottom=-0.03 * axis.get_ylim()[1])
        axis.grid(axis="x", visible=False)
        if PRISM in stages and len(stages) > 1:
            axis.axvline(0.75, color="#999999", linewidth=0.8, linestyle=":")
    axes[0, 0].set_ylabel("Detected, % of the lungs")
    return fig


def shares_against_truth(table: pd.DataFrame, method: str) -> Figure:
    """Draws detected against true share of every subject, one panel per subtype, with the line of equality and the fit.

    The table has ``subtype, detected, true, laa950`` (per cent of the lungs) of one method; LAA-950 as small crosses,
    where it is known.
    """
    subtypes = list(dict.fromkeys(table["subtype"]))
    fig, axes = plt.subplots(1, len(subtypes), figsize=(7.2, 3.9), squeeze=False)
    for axis, subtype in zip(axes[0], subtypes, strict=True):
        part = table[table["subtype"] == subtype]
        top = 1.08 * max(float(part["true"].max()), 0.1)
        axis.plot([0, top], [0, top], color="#444444", linewidth=0.8, linestyle="--", label="equal")
        axis.plot(part["true"], part["laa950"], "x", color=color("laa950"), markersize=4, label="LAA-950")
        axis.plot(part["true"], part["detected"], "o", color=color(method), markersize=4, label="detected")
        line = share_agreement(part["detected"], part["true"])
        if np.isfinite(line.slope):
            ends = np.array([0, top])
            axis.plot(ends, line.intercept + line.slope * ends, color=color(method), label="least squares")
        slope = f", slope {line.slope:.2f}" if np.isfinite(line.slope) else ""
        axis.set(title=f"{subtype.capitalize()}{slope}", xlabel="True, % of the lungs", xlim=(-0.03 * top, top))
        axis.set_ylim(bottom=-0.03 * axis.get_ylim()[1])
    axes[0, 0].set_ylabel("% of the lungs")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return fig


def extent(mask: np.ndarray, axis: int) -> np.ndarray:
    """First and last index along an axis at which a mask [x, y, z] is not empty."""
    return np.flatnonzero(np.any(mask, axis=tuple({0, 1, 2} - {axis})))[[0, -1]]


def paint(axis: Axes, mask: np.ndarray, shade: str, alpha: float) -> None:
    """Lay a colour over a picture where the mask is."""
    axis.imshow(np.ma.masked_where(~mask, mask), cmap=ListedColormap([shade]), alpha=alpha, origin="lower")


def _reach(column: Column) -> list[float]:
    """Width and height of the lungs in mm."""
    return [float(np.ptp(extent(column.lungs, along))) * column.volume.spacing[0] for along in (0, 2)]


def _shade(subtype: str, stage: int) -> str:
    return "#777777" if stage == PRISM else STRUCTURES.get(subtype, "#555555")
