"""Pictures of a scan with what was found in it, shown as in a clinic: the subject's right is on the left."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from drasclr_core.imaging.affine import transform
from drasclr_core.imaging.volume import Volume

WINDOW = (-1000.0, 400.0)
"""HU shown from black to white."""
RIGHT_COLOR, LEFT_COLOR = "#e69f00", "#56b4e9"
INSIDE_COLOR, OUTSIDE_COLOR = "#f0e442", "#d55e00"
LAYER_COLORS = ("#d55e00", "#56b4e9", "#f0e442", "#cc79a7", "#009e73", "#e69f00")
ENDS = {0: ("P", "A"), 1: ("R", "L"), 2: ("R", "L")}
"""Letters at the left and right end of a picture across each axis."""
NAMES = {0: "sagittal", 1: "coronal", 2: "axial"}


@dataclass(frozen=True)
class View:
    """One slice: at `index` of the RAS axis `axis` (0 sagittal, 1 coronal, 2 axial)."""

    axis: int
    index: int

    def picture(self, array: np.ndarray) -> np.ndarray:
        """Returns the slice of an [x, y, z] array with rows upwards (front or head on top) and right on the left."""
        plane = np.take(array, self.index, axis=self.axis)
        return plane.T if self.axis == 0 else plane[::-1].T

    def place(self, voxels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Returns the horizontal and vertical place [N, 2] of voxel coordinates [N, 3] in the picture."""
        across, up = [axis for axis in range(3) if axis != self.axis]
        horizontal = voxels[:, across]
        return np.stack([horizontal if self.axis == 0 else shape[0] - 1 - horizontal, voxels[:, up]], axis=1)


def slices_through(lungs: np.ndarray) -> list[View]:
    """Returns slices at 3/4, 1/2 and 1/4 of the lungs' height, at half their depth, through the middle of each."""
    middles = []
    for side in (1, 2):
        planes = np.flatnonzero((lungs == side).any(axis=(1, 2)))
        middles.append(int(planes.mean()) if planes.size else lungs.shape[0] * (3 - side) // 3)
    depth, height = (_extent((lungs > 0).any(axis=axes), lungs.shape[a]) for axes, a in (((0, 2), 1), ((0, 1), 2)))
    axial = [View(2, int(height[0] + part * (height[1] - height[0]))) for part in (0.75, 0.5, 0.25)]
    return [*axial, View(1, sum(depth) // 2), View(0, middles[0]), View(0, middles[1])]


def lung_overlay(volume: Volume, lungs: np.ndarray, title: str = "") -> Figure:
    """Draws the outlines of both lungs, uint8 [x, y, z] (1 right, 2 left), on six slices.

    Of a refused scan `lungs` are all 0; then the slices lie in the middle of the scan.
    """
    fig, pairs = _six_slices(volume, lungs, title)
    for axes, view in pairs:
        _outlines(axes, view, lungs)
    fig.legend(handles=_lung_handles(), loc="outside lower center", ncols=2)
    return fig


def landmark_overlay(volume: Volume, lungs: np.ndarray, centres_mm: np.ndarray, title: str = "") -> Figure:
    """Draws the landmarks near each of six slices: dots in the lungs, crosses outside.

    `centres_mm` [L, 3] are patch centres in the subject, RAS mm. A slice shows those within half a step of their grid.
    """
    fig, pairs = _six_slices(volume, lungs, title)
    voxels = transform(np.linalg.inv(volume.affine), np.asarray(centres_mm, dtype=float))
    nearest = np.rint(voxels).astype(int)
    within = ((nearest >= 0) & (nearest < lungs.shape)).all(axis=1)
    inside = within & (lungs[tuple(np.where(within[:, None], nearest, 0).T)] > 0)
    # A grid point has six neighbours; the sixth tells the step along the axis on which the grid is widest.
    gaps = np.sort(np.linalg.norm(voxels[:, None] - voxels, axis=-1), axis=1)
    reach = np.median(gaps[:, min(6, len(voxels) - 1)]) / 2
    for axes, view in pairs:
        _outlines(axes, view, lungs)
        near = np.abs(voxels[:, view.axis] - view.index) <= reach
        for chosen, mark, shade in ((inside, "o", INSIDE_COLOR), (~inside, "x", OUTSIDE_COLOR)):
            axes.scatter(*view.place(voxels[near & chosen], lungs.shape).T, s=14, marker=mark, color=shade)
    dots = [
        Line2D([], [], ls="", marker="o", color=INSIDE_COLOR, label="landmark in the lungs"),
        Line2D([], [], ls="", marker="x", color=OUTSIDE_COLOR, label="landmark outside"),
    ]
    fig.legend(handles=[*_lung_handles(), *dots], loc="outside lower center", ncols=4)
    return fig


def layer_overlay(volume: Volume, lungs: np.ndarray, layers: dict[str, np.ndarray], title: str = "") -> Figure:
    """Draws coloured layers (kinds of disease, airways), each bool [x, y, z], on six slices.

    There are at most six; later ones cover earlier ones, and empty ones are left out.
    """
    fig, pairs = _six_slices(volume, lungs, title)
    shown = {name: layer for name, layer in layers.items() if layer.any()}
    handles = []
    for (name, layer), shade in zip(shown.items(), LAYER_COLORS, strict=False):
        for axes, view in pairs:
            picture = view.picture(layer)
            axes.imshow(np.ma.masked_where(~picture, picture), cmap=ListedColormap([shade]), alpha=0.6, origin="lower")
        handles.append(Patch(color=shade, alpha=0.6, label=name.replace("_", " ")))
    if handles:
        fig.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return fig


def _six_slices(volume: Volume, lungs: np.ndarray, title: str) -> tuple[Figure, list[tuple[Axes, View]]]:
    """Draws three axial slices, a coronal one and a sagittal one through each lung."""
    fig, grid = plt.subplots(2, 3, figsize=(9, 6), layout="constrained")
    pairs = list(zip(grid.flat, slices_through(lungs), strict=True))
    for axes, view in pairs:
        picture = view.picture(volume.array)
        axes.imshow(picture, cmap="gray", vmin=WINDOW[0], vmax=WINDOW[1], origin="lower", interpolation="bilinear")
        place = volume.affine[view.axis, 3] + view.index * volume.spacing[view.axis]
        axes.set_title(f"{NAMES[view.axis]}, {'xyz'[view.axis]} = {place:.0f} mm", fontsize="small")
        for end, where, side in zip(ENDS[view.axis], (0.02, 0.98), ("left", "right"), strict=True):
            axes.text(where, 0.97, end, color="white", transform=axes.transAxes, ha=side, va="top", weight="bold")
        axes.set_axis_off()
    fig.suptitle(title)
    return fig, pairs


def _extent(occupied: np.ndarray, length: int) -> tuple[int, int]:
    filled = np.flatnonzero(occupied)
    return (int(filled[0]), int(filled[-1])) if filled.size else (0, length - 1)


def _outlines(axes: Axes, view: View, lungs: np.ndarray) -> None:
    picture = view.picture(lungs)
    for label, shade in ((1, RIGHT_COLOR), (2, LEFT_COLOR)):
        if (picture == label).any():
            axes.contour(picture == label, [0.5], colors=[shade], linewidths=1.2)


def _lung_handles() -> list[Line2D]:
    return [Line2D([], [], color=RIGHT_COLOR, label="right lung"), Line2D([], [], color=LEFT_COLOR, label="left lung")]
