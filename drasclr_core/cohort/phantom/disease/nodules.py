"""Lung nodules of 3 to 30 mm, solid and part-solid; a subject has none unless they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drasclr_core.cohort.phantom.anatomy.lungs import Chest
from drasclr_core.cohort.phantom.anatomy.parenchyma import LungVoxels
from drasclr_core.cohort.phantom.disease.emphysema import lung_samples
from drasclr_core.cohort.phantom.tubes import stamp_balls

PART_SOLID_SHARE = 0.3
_SOLID_HU, _GLASS_HU = 30.0, -600.0


@dataclass(frozen=True)
class Nodules:
    """Nodules: `centre` [N, 3] mm, `radius` [N] mm, `core` [N] mm (radius of the solid part; `radius` where solid)."""

    centre: np.ndarray
    radius: np.ndarray
    core: np.ndarray


def draw_nodules(chest: Chest, count: int, rng: np.random.Generator) -> Nodules:
    """Returns `count` nodules anywhere in the lungs, diameters 3 to 30 mm (log-uniform), 30 % of them part-solid."""
    radius = np.exp(rng.uniform(np.log(1.5), np.log(15), count))
    part = rng.random(count) < PART_SOLID_SHARE
    return Nodules(lung_samples(chest, rng, count), radius, np.where(part, rng.uniform(0.2, 0.7, count), 1.0) * radius)


def add_nodules(hu: np.ndarray, voxels: LungVoxels, nodules: Nodules) -> dict[str, np.ndarray]:
    """Draws nodules in place; returns the masks of solid and of ground-glass parts, which do not overlap."""
    whole = voxels.draw(stamp_balls, nodules.centre, nodules.radius)
    core = voxels.draw(stamp_balls, nodules.centre, nodules.core)
    hu += whole * np.maximum(_GLASS_HU - hu, 0)
    hu += core * np.maximum(_SOLID_HU - hu, 0)
    return {"nodule_solid": core > 0.5, "nodule_ground_glass": (whole > 0.5) & (core <= 0.5)}
