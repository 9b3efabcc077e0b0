"""Centrilobular, paraseptal and panlobular emphysema, each at its own place (Lynch et al., Radiology 2015)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from drasclr_core.cohort.phantom.grid import FIELD_MM, smooth_noise
from drasclr_core.cohort.phantom.lungs import Chest
from drasclr_core.cohort.phantom.parenchyma import region
from drasclr_core.cohort.phantom.traits import Traits
from drasclr_core.cohort.phantom.trees import cells_of

Balls = tuple[np.ndarray, np.ndarray]
_NONE = (np.empty((0, 3)), np.empty(0))
_HOLE_HU, _CYST_HU, _SEPTUM_HU = -978.0, -990.0, -250.0
_HOLES_PER_LOBULE = 3


def lung_samples(chest: Chest, rng: np.random.Generator, count: int) -> np.ndarray:
    """Returns random points [count, 3] in mm spread evenly over the lungs, for measuring volume fractions."""
    cells = np.argwhere(chest.lobes > 0)
    cells = cells[rng.integers(len(cells), size=count)]
    return chest.lung_frame.origin + (cells + rng.random(cells.shape)) * FIELD_MM


def centrilobular_holes(chest: Chest, traits: Traits, lobules: np.ndarray, rng: np.random.Generator) -> Balls:
    """Returns holes round the centres of secondary `lobules`: centres [N, 3] and radii [N] in mm.

    Which lobules are hit: most in the upper zones and away from the pleura, in clusters; ever more of them, with ever
    larger holes, as the target fraction ``traits.centrilobular`` rises, until holes of neighbours merge.
    """
    target = traits.centrilobular
    if target < 0.0005:
        return _NONE
    cell = tuple(cells_of(chest, lobules).T)
    height = chest.canonical(*lobules.T)[2] / 268
    central = np.minimum(chest.depth[cell], 30) / 30
    cluster = smooth_noise(rng, chest.lungs.shape, 5)[cell]
    score = 3.4 * height + 0.9 * central + 0.8 * cluster + 0.5 * rng.standard_normal(len(lobules))
    hit = np.argsort(-score)[: max(int(len(score) * min(1.25 * target**0.27, 0.97)), 1)]
    grade = (score[hit] - score[hit].mean()) / max(score[hit].std(), 1e-6)
    size = np.exp(0.22 * grade).clip(0.6, 1.6)
    offset = rng.standard_normal((len(hit), _HOLES_PER_LOBULE, 3)) * 2.6
    offset[:, 0] *= 0.3
    centres = (lobules[hit][:, None] + offset).reshape(-1, 3)
    sizes = (size[:, None] * np.exp(0.22 * rng.standard_normal(offset.shape[:2]))).reshape(-1)
    sizes[np.arange(len(sizes)) % _HOLES_PER_LOBULE == 0] *= 1.25
    near, which = cKDTree(centres).query(lung_samples(chest, rng, 20000), k=min(4, len(centres)))
    scale = np.quantile((near / sizes[which]).reshape(len(near), -1).min(1), target)
    radii = scale * sizes
    seen = radii > 1.2
    return centres[seen], radii[seen]


def paraseptal_cysts(chest: Chest, traits: Traits, rng: np.random.Generator) -> Balls:
    """Returns cysts of 5 to 20 mm side by side under the pleura, most in the upper zones: centres, radii in mm."""
    target = traits.paraseptal
    if target < 0.0005:
        return _NONE
    patch = smooth_noise(rng, chest.lungs.shape, 5.5)
    surface = np.argwhere((chest.lobes > 0) & (chest.depth < 5))
    points = chest.lung_frame.origin + (surface + 0.5) * FIELD_MM
    mean_radius = 5.2 + 14 * target
    place = points / (1.85 * mean_radius)
    tile = np.floor(place).astype(int)
    order = np.argsort(np.linalg.norm(place - tile - 0.5, axis=1) + 0.25 * rng.random(len(points)))
    order = order[np.unique(tile[order], axis=0, return_index=True)[1]]
    cell, points = tuple(surface[order].T), points[order]
    height = chest.canonical(*points.T)[2] / 268
    first = np.argsort(-(patch[cell] + 2.6 * height + 0.15 * rng.standard_normal(len(points))))
    points, cell = points[first], tuple(c[first] for c in cell)
    radii = (mean_radius * np.exp(0.3 * rng.standard_normal(len(points)))).clip(2.5, 10)
    radii = np.minimum(radii, 0.5 * cKDTree(points).query(points, k=2)[0][:, 1] + 0.4)
    inward = np.stack([g[cell] for g in np.gradient(-ndimage.gaussian_filter(chest.lungs, 1))], 1)
    inward /= np.linalg.norm(inward, axis=1, keepdims=True).clip(1e-6)
    centres = points + inward * (0.85 * radii + chest.lungs[cell])[:, None]
    samples = lung_samples(chest, rng, 50000)
    near, which = cKDTree(centres).query(samples, k=4, distance_upper_bound=11)
    held = near < np.append(radii - 0.3, 0)[which]
    rank = np.where(held, which, len(centres)).min(1)
    count = int(np.searchsorted(np.cumsum(np.bincount(rank, minlength=len(centres) + 1)), target * len(samples))) + 1
    large = radii[:count] > 2
    return centres[:count][large], radii[:count][large]


def panlobular_field(chest: Chest, traits: Traits, rng: np.random.Generator) -> np.ndarray:
    """Returns a fixed-grid field, positive where panlobular emphysema is: low in the lungs, without sharp borders."""
    z = chest.canonical(*np.ix_(*chest.lung_frame.axes()))[2] / 268
    return region(0.45 * smooth_noise(rng, chest.lungs.shape, 5) - 2.2 * z, chest, traits.panlobular)


def add_panlobular(hu: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Takes away about 60 % of the tissue where `field` is positive, in place; returns the mask."""
    weight = (0.5 + field / 0.35).clip(0, 1)
    hu -= 0.60 * weight * (hu + 1000)
    return field > 0


def add_holes(hu: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """Draws centrilobular holes, which have no wall, in place; returns the mask."""
    hu += 0.95 * cover * (_HOLE_HU - hu)
    return cover > 0.5


def add_cysts(hu: np.ndarray, inner: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """Draws cysts with a thin wall between the `inner` and the `outer` ball, in place; returns the mask."""
    hu += np.maximum(outer - inner, 0) * (_SEPTUM_HU - hu)
    hu += inner * (_CYST_HU - hu)
    return inner > 0.5
