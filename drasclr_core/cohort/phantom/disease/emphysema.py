"""Centrilobular, paraseptal and panlobular emphysema, each at its own place (Lynch et al., Radiology 2015)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from drasclr_core.cohort.phantom.anatomy.lungs import Chest
from drasclr_core.cohort.phantom.anatomy.parenchyma import region
from drasclr_core.cohort.phantom.anatomy.trees import cells_of
from drasclr_core.cohort.phantom.grid import FIELD_MM, smooth_noise
from drasclr_core.cohort.phantom.subject.traits import Traits

Balls = tuple[np.ndarray, np.ndarray]
_NONE = (np.empty((0, 3)), np.empty(0))
_EMPTY_HU, _WALL_HU = -988.0, -200.0
_HOLES_PER_LOBULE = 3
_EARLY = 0.06  # of the lung: below this extent, lesions are early ones


def tissue_lost(extent: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Returns what share of its tissue each of `count` lesions has lost, 0.35 to 1.

    Early disease is subtle: at an `extent` near 0 a lesion has lost between 0.35 and 0.95 of its tissue, from 6 % of
    the lung on between 0.75 and 1. In tissue of -880 HU that leaves -918 to -988 HU, most between -930 and -980.
    """
    advanced = min(extent / _EARLY, 1.0)
    return rng.uniform(0.35 + 0.40 * advanced, 0.95 + 0.05 * advanced, count)


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
    centres, sizes = holes_of(lobules[hit], size, rng)
    near, which = cKDTree(centres).query(lung_samples(chest, rng, 20000), k=min(4, len(centres)))
    scale = np.quantile((near / sizes[which]).reshape(len(near), -1).min(1), target)
    radii = scale * sizes
    seen = radii > 1.2
    return centres[seen], radii[seen]


def holes_of(lobules: np.ndarray, size: np.ndarray, rng: np.random.Generator) -> Balls:
    """Returns three holes round the centre of each of the `lobules` [N, 3], of relative `size` [N]: centres, radii."""
    offset = rng.standard_normal((len(lobules), _HOLES_PER_LOBULE, 3)) * 2.6
    offset[:, 0] *= 0.3
    sizes = size[:, None] * np.exp(0.22 * rng.standard_normal(offset.shape[:2]))
    sizes[:, 0] *= 1.25
    return (lobules[:, None] + offset).reshape(-1, 3), sizes.reshape(-1)


def pleural_row(chest: Chest, mean_radius: float, prefer, rng: np.random.Generator) -> Balls:
    """Returns room for cysts side by side under the whole pleura, the most preferred places first: centres, radii, mm.

    Parameters
    ----------
    mean_radius : float
        mm; radii vary by 30 % about it, 2.5 to 10 mm, and neighbours touch.
    prefer : function
        From canonical coordinates [N, 3] and a smooth random number [N] to a preference [N].
    """
    patch = smooth_noise(rng, chest.lungs.shape, 5.5)
    surface = np.argwhere((chest.lobes > 0) & (chest.depth < 5))
    points = chest.lung_frame.origin + (surface + 0.5) * FIELD_MM
    place = points / (1.85 * mean_radius)
    tile = np.floor(place).astype(int)
    order = np.argsort(np.linalg.norm(place - tile - 0.5, axis=1) + 0.25 * rng.random(len(points)))
    order = order[np.unique(tile[order], axis=0, return_index=True)[1]]
    cell, points = tuple(surface[order].T), points[order]
    canonical = np.stack(chest.canonical(*points.T), 1)
    first = np.argsort(-(prefer(canonical, patch[cell]) + 0.15 * rng.standard_normal(len(points))))
    points, cell = points[first], tuple(c[first] for c in cell)
    radii = (mean_radius * np.exp(0.3 * rng.standard_normal(len(points)))).clip(2.5, 10)
    radii = np.minimum(radii, 0.5 * cKDTree(points).query(points, k=2)[0][:, 1] + 0.4)
    inward = np.stack([g[cell] for g in np.gradient(-ndimage.gaussian_filter(chest.lungs, 1))], 1)
    inward /= np.linalg.norm(inward, axis=1, keepdims=True).clip(1e-6)
    return points + inward * (0.85 * radii + chest.lungs[cell])[:, None], radii


def paraseptal_cysts(chest: Chest, traits: Traits, rng: np.random.Generator) -> Balls:
    """Returns cysts of 5 to 20 mm side by side under the pleura, most in the upper zones: centres, radii in mm."""
    target = traits.paraseptal
    if target < 0.0005:
        return _NONE
    centres, radii = pleural_row(chest, 5.2 + 14 * target, lambda at, patch: patch + 2.6 * at[:, 2] / 268, rng)
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
    """Takes away about 65 % of the tissue where `field` is positive, in place; returns the mask."""
    weight = (0.5 + field / 0.35).clip(0, 1)
    hu -= 0.65 * weight * (hu + 1000)
    return field > 0


def add_holes(hu: np.ndarray, cover: np.ndarray, lost: np.ndarray | float) -> np.ndarray:
    """Draws holes, which have no wall, in place; returns the mask.

    Parameters
    ----------
    hu, cover : float32 [N]
        Density and the holes' coverage of the listed voxels.
    lost : float or float [N]
        What share of its tissue the hole at each voxel has lost (see `tissue_lost`).
    """
    hu += cover * lost * (_EMPTY_HU - hu)
    return cover > 0.5


def add_cysts(hu: np.ndarray, inner: np.ndarray, outer: np.ndarray, lost: np.ndarray | float = 1.0) -> np.ndarray:
    """Draws cysts with a wall between the `inner` and the `outer` ball, in place; returns the mask."""
    hu += np.maximum(outer - inner, 0) * (_WALL_HU - hu)
    hu += inner * ((1 - lost) * (-880 - _EMPTY_HU) + _EMPTY_HU - hu)
    return inner > 0.5
