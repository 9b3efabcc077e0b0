"""Trachea, bronchi and their walls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drasclr_core.cohort.phantom.anatomy.lungs import Chest
from drasclr_core.cohort.phantom.anatomy.trees import Tree, grow

# Canonical mm: trachea, main bronchi, intermediate bronchus; then where the bronchus of each lobe starts.
_TRUNK = ((2, -16, 330), (2, -14, 230), (4, -16, 172), (30, -15, 152), (38, -17, 128), (-42, -20, 148))
_TRUNK_BRANCHES = ((0, 1, 9.0), (1, 2, 8.6), (2, 3, 6.8), (3, 4, 5.4), (2, 5, 6.2))
LOBAR_ROOTS = ((30, -15, 152), (38, -17, 128), (38, -17, 128), (-42, -20, 148), (-42, -20, 148))
_SEGMENTAL = (35, 160)  # a segmental airway feeds this many lobules
_SMALLEST = 9


@dataclass(frozen=True)
class Airways:
    """Airway tubes: `start`, `end` [N, 3] mm, inner and outer radius [N, 2] mm, and which are `segmental`."""

    start: np.ndarray
    end: np.ndarray
    inner: np.ndarray
    outer: np.ndarray
    segmental: np.ndarray


def bronchial_tree(chest: Chest, centres: np.ndarray, lobe: np.ndarray, rng: np.random.Generator) -> Tree:
    """Returns the tree from the lobar bronchi to the centre of every lobule; arteries follow the same branches."""
    return grow(chest.to_world(LOBAR_ROOTS), centres, lobe.astype(int) - 1, rng)


def lumen_radius(leaves: np.ndarray, size: float) -> np.ndarray:
    """Returns the inner radius in mm of an airway that feeds `leaves` lobules: 0.36 n^0.42 (lobar about 4 mm)."""
    return size * 0.36 * np.asarray(leaves, float) ** 0.42


def wall_thickness(inner: np.ndarray, thickening: float) -> np.ndarray:
    """Returns the wall in mm of an airway of inner radius r mm: min(0.60 r^0.8, 2.2) (1 + 0.28 thickening).

    Segmental airways get a wall area of about 57 % when healthy and 65 % at full thickening (with `narrowing`), about
    the range of COPDGene (Kim et al., AJRCCM 2014).
    """
    return np.minimum(0.60 * inner**0.8, 2.2) * (1 + 0.28 * thickening)


def narrowing(thickening: float) -> float:
    """Returns what a thick wall leaves of the lumen's radius."""
    return 1 - 0.10 * thickening


def make_airways(chest: Chest, tree: Tree, thickening: float, rng: np.random.Generator) -> Airways:
    """Returns trunk and tree as tubes; airways too small for CT are left out."""
    litres_scale = float(np.cbrt(np.linalg.det(chest.matrix[:3, :3])))
    size = litres_scale * np.exp(0.08 * rng.standard_normal())
    nodes = chest.to_world(_TRUNK)
    trunk = np.array([(a, b) for a, b, _ in _TRUNK_BRANCHES])
    trunk_radius = size * np.array([r for *_, r in _TRUNK_BRANCHES])
    shown = tree.leaves >= _SMALLEST
    radius = lumen_radius(tree.leaves, size) * np.exp(0.06 * rng.standard_normal(len(tree.leaves)))
    ahead = 0.5 * radius + 0.5 * lumen_radius(np.maximum(tree.leaves / 2, 1), size)
    bronchi = np.stack([radius, ahead], 1)[shown] * narrowing(thickening)
    inner = np.concatenate([np.stack([trunk_radius] * 2, 1), bronchi])
    segmental = (tree.leaves >= _SEGMENTAL[0]) & (tree.leaves <= _SEGMENTAL[1])
    return Airways(
        start=np.concatenate([nodes[trunk[:, 0]], tree.start[shown]]),
        end=np.concatenate([nodes[trunk[:, 1]], tree.end[shown]]),
        inner=inner,
        outer=inner + wall_thickness(inner, thickening),
        segmental=np.concatenate([np.zeros(len(trunk), bool), segmental[shown]]),
    )


def wall_measures(airways: Airways) -> dict[str, float]:
    """Returns wall area % and Pi10 from the true radii.

    Returns
    -------
    dict
        ``wall_area_pct``: mean of 100 (R^2 - r^2) / R^2 over segmental airways; ``pi10`` (mm): square root of the wall
        area of an airway with an inner perimeter of 10 mm, by a line through all intrapulmonary airways (Grydeland et
        al., AJRCCM 2010).
    """
    r, outer = airways.inner.mean(1), airways.outer.mean(1)
    area_pct = 100 * (outer**2 - r**2) / outer**2
    tree = slice(len(_TRUNK_BRANCHES), None)
    root_area, perimeter = np.sqrt(np.pi * (outer**2 - r**2))[tree], (2 * np.pi * r)[tree]
    slope, offset = np.polyfit(perimeter, root_area, 1)
    return {"wall_area_pct": float(area_pct[airways.segmental].mean()), "pi10": float(offset + 10 * slope)}
