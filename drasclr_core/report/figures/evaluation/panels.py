"""A panel for each score, whose rows are methods in their groups: what stays legible where there are many methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from drasclr_core.methods import in_order, row_of
from drasclr_core.report.style import color

MANY = 7
"""From so many methods on, their names stand at rows; fewer are told apart by colour in the row of a score."""
ACROSS = 3
GAP = 0.6
"""Between two groups, in rows."""


class MethodPanels(NamedTuple):
    """Axes by (task, metric), and the height of each method's row in all of them."""

    figure: Figure
    axes: dict[tuple[str, str], plt.Axes]
    heights: dict[str, float]


def method_panels(scores: Sequence[tuple[str, str]], methods: Sequence[str], titles: Sequence[str]) -> MethodPanels:
    """Makes the panels: methods from top to bottom in the order of the tables, with a gap between groups.

    Parameters
    ----------
    scores : sequence of (task, metric)
        A panel each.
    methods, titles : sequence of str
        Of the rows, and of the panels.
    """
    heights, height, group = {}, 0.0, None
    for name in in_order(methods):
        height += 1 + GAP * (group is not None and row_of(name).group != group)
        heights[name], group = height, row_of(name).group
    across = min(ACROSS, len(scores))
    lines = -(-len(scores) // across)
    fig, grid = plt.subplots(
        lines, across, figsize=(7.2, lines * (0.55 + 0.17 * (height + 1))), sharey=True, squeeze=False
    )
    for axis in list(grid.flat)[len(scores) :]:
        axis.set_visible(False)
    axes = dict(zip(scores, grid.flat, strict=False))
    for axis, title in zip(axes.values(), titles, strict=True):
        axis.set_title(title, fontsize=9)
        axis.set_yticks(list(heights.values()), [row_of(name).name for name in heights], fontsize=8)
        axis.set_ylim(height + 0.8, 0.2)
        axis.tick_params(axis="x", labelsize=7)
        axis.grid(axis="y", visible=False)
    return MethodPanels(fig, axes, heights)


def draw_interval(axis: plt.Axes, height: float, method: str, low: float, middle: float, high: float) -> None:
    """Draws a dot with its interval in the method's colour."""
    axis.plot([low, high], [height, height], color=color(method), linewidth=1.5, solid_capstyle="butt")
    axis.plot(middle, height, "o", color=color(method), markersize=4.5)
