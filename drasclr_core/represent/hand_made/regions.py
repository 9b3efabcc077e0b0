"""What a local lung region looks like, in numbers chosen by hand: the input of the two older methods of Table 2.

Schabdach et al. (2017) describe small regions inside the lungs by a histogram of intensities and one of the directions
of the gradient, and a subject by the collection of its regions. Their regions are superpixels; here they are cubes
inside the patches at the landmarks, so that every method of the table sees the same voxels.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from drasclr_core.anatomy.lungs.segmentation import LUNG_BELOW
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.progress import for_each

LUNG_HU = (-1024.0, LUNG_BELOW)
"""Range of the intensity histogram: lung tissue, with emphysema at its lower end."""
INTENSITY_BINS = 32
LUNG_SHARE = 0.8
"""A cube counts as a region of the lung if at least so much of it is darker than soft tissue."""
GOLDEN = (1 + 5**0.5) / 2
_CORNERS = [p for a in (-1, 1) for b in (-GOLDEN, GOLDEN) for p in ((0, a, b), (a, b, 0), (b, 0, a))]
DIRECTIONS = np.array(_CORNERS) / np.hypot(1, GOLDEN)
"""The 12 corners of an icosahedron, which lie equally far from their neighbours on the sphere."""


def describe_regions(cubes: np.ndarray) -> np.ndarray:
    """Returns histograms of intensity and of gradient direction, one row per region.

    Parameters
    ----------
    cubes : [B, n, n, n]
        HU, n of 2 or more.

    Returns
    -------
    float32 [B, 44]
        Square roots of the share of voxels in each of 32 bins from -1024 to -400 HU (what lies beyond counts in the
        outer bins), then of the share of the gradient along each of 12 directions (each voxel's gradient counts, by
        its length, for the nearest one; all zero where there is no gradient). Between square roots of shares the
        Euclidean distance is Hellinger's, up to a factor.
    """
    cubes = np.asarray(cubes, dtype=np.float32)
    count, (low, high) = len(cubes), LUNG_HU
    bins = ((cubes - low) * (INTENSITY_BINS / (high - low))).clip(0, INTENSITY_BINS - 1).astype(int)
    gradient = np.stack(np.gradient(cubes, axis=(1, 2, 3)), axis=-1).reshape(count, -1, 3)
    nearest = (gradient @ DIRECTIONS.T.astype(np.float32)).argmax(axis=2)
    lengths = np.linalg.norm(gradient, axis=2)
    intensity = weighted_shares(bins.reshape(count, -1), INTENSITY_BINS, np.ones_like(lengths))
    direction = weighted_shares(nearest, len(DIRECTIONS), lengths)
    return np.sqrt(np.concatenate([intensity, direction], axis=1)).astype(np.float32)


def region_cubes(patches: np.ndarray, edge: int) -> np.ndarray:
    """Returns those cubes [R, edge, edge, edge] of a grid on each patch [B, n, n, n] that lie in the lung."""
    parts = patches.shape[1] // edge
    whole = patches[:, : parts * edge, : parts * edge, : parts * edge]
    cubes = whole.reshape(-1, parts, edge, parts, edge, parts, edge).transpose(0, 1, 3, 5, 2, 4, 6)
    cubes = cubes.reshape(-1, edge, edge, edge)
    return cubes[(cubes < LUNG_BELOW).mean(axis=(1, 2, 3)) >= LUNG_SHARE]


def region_descriptors(path: str | Path, size: int, edge: int, workers: int = 0) -> list[np.ndarray]:
    """Returns `describe_regions` of the lung's regions of every subject of a store, a list of float32 [R_i, 44].

    Parameters
    ----------
    path : path
        A `PatchStore` without missing subjects, whose order the list has; a subject may have no region.
    size, edge : int
        Edges in voxels: of the central part of the patches that is used, and of a region.
    workers : int
        Processes, 0 for one per core.
    """
    describe = partial(_describe_subject, path=path, size=size, edge=edge)
    return for_each(describe, PatchStore.open(path).sids, "regions", workers)


def _describe_subject(sid: str, path: str | Path, size: int, edge: int) -> np.ndarray:
    store = PatchStore.open(path)
    margin = (store.size - size) // 2
    inside = slice(margin, margin + size)
    return describe_regions(region_cubes(store.read_subject(sid)[:, inside, inside, inside], edge))


def weighted_shares(bins: np.ndarray, number: int, weights: np.ndarray) -> np.ndarray:
    """Weighted histograms [B, number] of rows of bin numbers [B, V], each divided by its sum (0 where that is 0)."""
    rows = np.arange(len(bins))[:, None] * number
    counts = np.bincount((rows + bins).ravel(), weights.ravel(), len(bins) * number).reshape(-1, number)
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
