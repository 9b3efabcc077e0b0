"""Trachea and main bronchi, followed slice by slice from the neck downwards, so that lungs can be cut from them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

IN_PLANE = np.zeros((3, 3, 3), dtype=bool)
IN_PLANE[:, 1, 1] = IN_PLANE[1, :, 1] = True
"""Neighbours within an axial slice only: one labelling call labels every slice on its own."""
LUMEN_CM2 = (0.4, 7.0)
"""Cross-section of the trachea; the upper limit leaves room for the carina, where it is widest."""
SHORTEST_MM = 40.0
"""A tube shorter than this is a lung apex or gas in the oesophagus, not the trachea."""
GROWTH = (1.6, 0.4)
"""From one slice to the next a lumen may grow to 1.6 times its area plus 0.4 cm2; more means a leak into the lung."""


def air_inside(air: np.ndarray) -> np.ndarray:
    """Returns the `air` [x, y, z] that, slice by slice, does not reach the image's sides: lungs, airways, bowel gas."""
    labels, count = ndimage.label(air, structure=IN_PLANE)
    inside = np.ones(count + 1, dtype=bool)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        inside[np.unique(side)] = False
    inside[0] = False
    return inside[labels]


def find_airways(array: np.ndarray, inside: np.ndarray, air: float, spacing: float) -> np.ndarray:
    """Returns the lumen of the trachea and main bronchi, bool [x, y, z].

    `array` is in HU, slightly smoothed, `inside` the air inside the body, `air` its HU in this scan, `spacing` in mm.
    All is False where no trachea is found (the scan begins below it, or is very noisy).
    """
    # Halfway between air in the airways and this subject's lung tissue: emphysema is nearly as dark as air.
    limit = np.clip((np.median(array[inside]) + air) / 2, -950.0, -880.0)
    labels, count = ndimage.label(inside & (array < limit), structure=IN_PLANE)
    areas = np.bincount(labels.ravel(), minlength=count + 1) * (spacing / 10) ** 2
    areas[0] = 0.0
    lumen_sized = (areas >= LUMEN_CM2[0]) & (areas <= LUMEN_CM2[1])

    best: dict[int, list[int]] = {}
    traced: set[int] = set()
    in_lungs = np.flatnonzero(inside.any(axis=(0, 1)))
    middle = int(in_lungs.mean()) if in_lungs.size else 0
    for z in range(labels.shape[2] - 1, middle, -1):
        for start in np.unique(labels[:, :, z]):
            if lumen_sized[start] and start not in traced:
                path = _follow_down(labels, areas, start, z)
                traced.update(label for level in path.values() for label in level)
                if len(path) > len(best):
                    best = path
    lumen = np.zeros(labels.shape, dtype=bool)
    if len(best) * spacing >= SHORTEST_MM:
        for z, level in best.items():
            lumen[:, :, z] = np.isin(labels[:, :, z], level)
    return lumen


def _follow_down(labels: np.ndarray, areas: np.ndarray, start: int, z: int) -> dict[int, list[int]]:
    """Returns components below each other that stay as narrow as a lumen: {slice: labels in it}."""
    path = {z: [int(start)]}
    while z > 0:
        next_level = []
        for label in path[z]:
            overlapped = np.unique(labels[:, :, z - 1][labels[:, :, z] == label])
            limit = min(GROWTH[0] * areas[label] + GROWTH[1], LUMEN_CM2[1])
            next_level += [int(new) for new in overlapped if new and areas[new] <= limit and new not in next_level]
        if not next_level:
            break
        z -= 1
        path[z] = next_level
    return path
