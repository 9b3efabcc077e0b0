"""The pictures of page 60 about landmarks: neighbours, corners and borders, locations (colours as in `figures`)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.differences.figures import OURS, THEIRS


def neighbors(atlas: Atlas, choices: dict[str, np.ndarray]) -> Figure:
    """Draws the chosen neighbours [L, 2] in one axial layer of landmarks; triangles are neighbours above or below."""
    fig, axes = plt.subplots(1, len(choices), figsize=(7.2, 3.2))
    heights, counts = np.unique(atlas.corners[:, 2], return_counts=True)
    layer = np.flatnonzero(atlas.corners[:, 2] == heights[counts.argmax()])
    for ax, (title, chosen), color in zip(axes, choices.items(), (THEIRS, OURS), strict=True):
        ax.plot(*atlas.centres[layer, :2].T, "o", color="0.7", ms=3)
        for landmark in layer:
            for neighbor in chosen[landmark]:
                shift = atlas.centres[neighbor] - atlas.centres[landmark]
                here = atlas.centres[landmark, :2]
                if shift[2]:
                    ax.plot(*here, "^" if shift[2] > 0 else "v", color=color, ms=5)
                else:
                    arrow = {"arrowstyle": "->", "color": color, "shrinkA": 0, "shrinkB": 0, "lw": 1.1}
                    ax.annotate("", here + 0.8 * shift[:2], here + 0.12 * shift[:2], arrowprops=arrow)
        ax.set(title=title, aspect="equal", xticks=[], yticks=[], frame_on=False)
        ax.margins(0.05)
        ax.grid(False)
    return fig


def corners_and_borders(padded: dict[float, np.ndarray], landmarks: int, scale: float = 0.85) -> Figure:
    """Draws a patch cut from its mapped corner or centre (mm), and who is lost by the scan's margin beyond the lungs.

    `padded` holds how many of a subject's patches leave the scan, by margin in mm (`landmarks.padded_patches`).
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6), width_ratios=(1, 1.6))
    size, middle = 32.0, scale * 16.0
    edge, look = scale * size, {"ls": "--", "ec": "0.4", "lw": 1.2, "label": "where it belongs"}
    left.add_patch(Rectangle((0, 0), edge, edge, fill=False, **look))
    for name, low, color in (("from its corner", 0.0, THEIRS), ("round its centre", middle - size / 2, OURS)):
        left.add_patch(Rectangle((low, low), size, size, fill=False, ec=color, lw=1.6, label=name))
        left.plot(low + size / 2, low + size / 2, "o", color=color, ms=5)
    left.set(title=f"a subject of scale {scale}", aspect="equal", xlim=(-6, 36), ylim=(-6, 36), xlabel="mm")
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.24))
    margins = list(padded)
    lost = [100 * (counts > 0).mean() for counts in padded.values()]
    patches = [100 * counts.mean() / landmarks for counts in padded.values()]
    right.plot(margins, lost, "o-", color=THEIRS, label="subjects dropped")
    right.plot(margins, patches, "o-", color=OURS, label="patches padded")
    right.set(title="patches that leave the scan", xlabel="scan beyond the lungs, mm", ylabel="%", ylim=(-3, 105))
    right.legend()
    return fig


def locations(ranges: dict[str, np.ndarray], weights: dict[str, np.ndarray]) -> Figure:
    """Draws the range of locations per axis ([2, 3] each), and routing weights [L, E] as pictures."""
    fig, axes = plt.subplots(1, 1 + len(weights), figsize=(7.2, 2.9), width_ratios=(1.3, *[1] * len(weights)))
    for offset, (name, (low, high)) in zip((0.12, -0.12), ranges.items(), strict=True):
        color = OURS if name == "ours" else THEIRS
        axes[0].hlines(np.arange(3) + offset, low, high, color=color, lw=6, label=name)
    axes[0].set(title="locations", yticks=range(3), yticklabels=["x", "y", "z"], xlim=(-1.05, 1.05), ylim=(2.6, -0.4))
    axes[0].legend(loc="lower left", ncols=2)
    for ax, (name, values) in zip(axes[1:], weights.items(), strict=True):
        picture = ax.imshow(values, aspect="auto", vmin=0, vmax=1, cmap="cividis")
        ax.set(title=name, xlabel="expert", ylabel="landmark", xticks=[], yticks=[])
        ax.grid(False)
    fig.colorbar(picture, ax=axes[1:], label="routing weight", shrink=0.9)
    return fig
