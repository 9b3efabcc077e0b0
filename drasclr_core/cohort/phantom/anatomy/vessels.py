"""Pulmonary arteries beside the airways, and veins between the lobules."""

from __future__ import annotations

import numpy as np

from drasclr_core.cohort.phantom.anatomy.airways import lumen_radius, wall_thickness
from drasclr_core.cohort.phantom.anatomy.lungs import Chest
from drasclr_core.cohort.phantom.anatomy.trees import Tree, grow, lobules
from drasclr_core.cohort.phantom.tubes import Tubes

_VEIN_ROOTS = ((28, 2, 130), (26, -8, 108), (-36, 4, 134), (-30, -12, 108))  # canonical mm: right, left; upper, lower
_VEIN_OF_LOBE = np.array([0, 0, 1, 2, 3])
_BESIDE = np.array([0.25, -0.55, 0.8])  # arteries lie behind and above their bronchus


def vessel_radius(leaves: np.ndarray, size: float) -> np.ndarray:
    """Returns the radius in mm of a vessel that feeds `leaves` lobules: 0.55 n^0.34 (a lobar artery has about 4 mm)."""
    return size * 0.55 * np.asarray(leaves, float) ** 0.34


def make_arteries(tree: Tree, size: float) -> Tubes:
    """Returns arteries along the branches of the bronchial `tree`, beside its airways: start, end, radii."""
    direction = tree.end - tree.start
    direction /= np.linalg.norm(direction, axis=1, keepdims=True).clip(1e-6)
    beside = _BESIDE - (direction @ _BESIDE)[:, None] * direction
    beside /= np.linalg.norm(beside, axis=1, keepdims=True).clip(0.05)
    lumen = lumen_radius(tree.leaves, size)
    away = lumen + wall_thickness(lumen, 0.0) + 0.8 * vessel_radius(tree.leaves, size)
    offset = beside * np.where(tree.leaves > 1, away, 0)[:, None]
    return tree.start + tree.inherit(offset), tree.end + offset, _taper(tree, size)


def make_veins(chest: Chest, size: float, rng: np.random.Generator) -> Tubes:
    """Returns veins from the left atrium to points between the lobules: start, end, radii."""
    targets, lobe = lobules(chest, rng, shift=8.0)
    tree = grow(chest.to_world(_VEIN_ROOTS), targets, _VEIN_OF_LOBE[lobe.astype(int) - 1], rng, reach=0.36)
    return tree.start, tree.end, _taper(tree, size)


def _taper(tree: Tree, size: float) -> np.ndarray:
    here, ahead = vessel_radius(tree.leaves, size), vessel_radius(np.maximum(tree.leaves / 2, 0.6), size)
    return np.stack([here, 0.5 * (here + ahead)], 1)
