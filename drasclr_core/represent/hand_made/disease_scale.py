"""At which scale a simulated subject's emphysema lies: how large its holes are, and how far they reach in clusters.

Truth of phantoms, for questions such as whether neighbouring patches help to see disease that spreads (Table 8). No
method sees it.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from scipy import ndimage

from drasclr_core.cohort.phantom.truth import EMPHYSEMA, load_truth
from drasclr_core.files import read_json
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import for_each
from drasclr_core.run import Run

VERSION = 1
"""Raise when a measure changes, so that those of an older version are made anew."""
HOLES, CLUSTERS = "hole_mm", "cluster_mm"
LEAST_SHARE = 0.005
"""Of the lungs that must be emphysema for its scale to be known."""
RADII_MM = (2.0, 4.0, 6.0, 9.0, 13.0)
CELL_MM = 8.0
"""Edge of the cells whose share of emphysema is compared over distances."""


def disease_scale(run: Run, sids: list[str], workers: int = 0) -> pd.DataFrame:
    """Returns ``sid``, ``hole_mm`` and ``cluster_mm`` of simulated subjects, measured once and kept.

    NaN where less than `LEAST_SHARE` of the lungs is emphysema. `workers` are processes (see `progress.for_each`).

    Raises
    ------
    FileNotFoundError
        A subject has no truth file: it is not simulated.
    """
    measure = partial(_measured_once, truth=run.truth, folder=run.cohort / "disease_scale")
    return pd.DataFrame(for_each(measure, list(sids), "scale of disease", workers), columns=["sid", HOLES, CLUSTERS])


def hole_size(mask: np.ndarray, spacing_mm: float) -> float:
    """Returns the mean diameter, in mm, of the largest ball within a mask bool [x, y, z] that holds a voxel of it.

    Over all voxels of the mask, by openings with balls of `RADII_MM`; smaller holes count as half of the smallest.
    """
    inside = ndimage.distance_transform_edt(np.pad(mask, 1), spacing_mm)
    # A voxel belongs to the largest ball that still opens to it; between two radii the middle is taken.
    edges = [0.0, *RADII_MM, RADII_MM[-1] * 1.5]
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    left, total, size = np.pad(mask, 1), np.count_nonzero(mask), 0.0
    for radius, middle in zip(RADII_MM, middles, strict=False):
        seeds = inside >= radius
        opened = ndimage.distance_transform_edt(~seeds, spacing_mm) < radius if seeds.any() else np.zeros_like(left)
        opened &= left
        size += middle * (np.count_nonzero(left) - np.count_nonzero(opened))
        left = opened
    size += middles[-1] * np.count_nonzero(left)
    return float(2 * size / total)


def cluster_size(mask: np.ndarray, lungs: np.ndarray, spacing_mm: float) -> float:
    """Returns the distance, in mm, at which the correlation of the shares of `mask` in two cells has fallen to a half.

    Cells of `CELL_MM` that lie in the `lungs` for the most part are compared with all others, whatever the direction;
    between the measured distances the correlation is taken as linear. Both arguments are bool [x, y, z].
    """
    edge = max(1, round(CELL_MM / spacing_mm))
    lung, ill = (_cells(part, edge) for part in (lungs, mask & lungs))
    counted = lung > 0.5
    share = np.where(counted, ill / np.where(counted, lung, 1), 0)
    share = np.where(counted, share - share[counted].mean(), 0)
    shape = [2 * n for n in share.shape]
    spectrum, weight = (np.fft.rfftn(part, shape) for part in (share, counted.astype(float)))
    covariance, pairs = (np.fft.irfftn(np.abs(part) ** 2, shape) for part in (spectrum, weight))
    steps = np.meshgrid(*(np.minimum(np.arange(n), n - np.arange(n)) for n in shape), indexing="ij")
    distance = np.rint(np.sqrt(sum(step**2 for step in steps))).astype(int)
    there = pairs > 0.5
    sums, counts = (np.bincount(distance[there], part[there]) for part in (covariance, pairs))
    correlation = sums / np.maximum(counts, 1)
    correlation /= correlation[0]
    below = int(np.argmax(correlation < 0.5)) or len(correlation) - 1
    high, low = correlation[below - 1], correlation[below]
    return float(edge * spacing_mm * (below - 1 + (high - 0.5) / max(high - low, 1e-9)))


def _cells(mask: np.ndarray, edge: int) -> np.ndarray:
    whole = mask[tuple(slice(0, n // edge * edge) for n in mask.shape)]
    parts = whole.reshape([size for n in whole.shape for size in (n // edge, edge)])
    return parts.mean(axis=(1, 3, 5), dtype=np.float64)


def _measured_once(sid: str, truth: Path, folder: Path) -> dict:
    path = truth / f"{sid}.nii.gz"
    if not path.exists():
        raise FileNotFoundError(f"{path.name}: no truth file. Only simulated subjects have one.")

    def make() -> dict:
        masks, spacing = load_truth(path), float(nib.load(path).header.get_zooms()[0])
        lungs, ill = masks["lungs"] > 0, np.any([masks[name] for name in EMPHYSEMA], axis=0)
        if np.count_nonzero(ill & lungs) < LEAST_SHARE * np.count_nonzero(lungs):
            return {HOLES: None, CLUSTERS: None}
        box = ndimage.find_objects(lungs.astype(np.uint8))[0]
        return {HOLES: hole_size(ill[box], spacing), CLUSTERS: cluster_size(ill[box], lungs[box], spacing)}

    key = fingerprint(version=VERSION, truth=read_json(truth / f".{sid}.json").get("key"))
    return {"sid": sid, **kept(folder, sid, key, make)}
