"""What looks like emphysema and is not: the same texture as disease, at places where it is a normal or another finding.

A radiologist tells these from emphysema by where they lie. Numbers are drawn for every subject whatever the disease.

- lucent lobules: single lobules that hold more air, low in the lungs (normal on expiration: Webb et al., Radiology
  1993); drawn by the same rule as early centrilobular holes, which lie high;
- isolated cysts, one to a few, anywhere (Araki et al., Thorax 2015: in 8 % of the Framingham cohort, more with age);
- basal cysts with thick walls, in rows under the pleura low at the back, as in fibrosis; paraseptal cysts lie high;
- streaks and scars at the apex; a dark band along the fissures, where vessels end; a heart that beats (`motion`).
"""

from __future__ import annotations

import numpy as np

from drasclr_core.cohort.phantom.anatomy.lungs import Chest
from drasclr_core.cohort.phantom.disease.emphysema import Balls, holes_of, lung_samples, pleural_row
from drasclr_core.cohort.phantom.subject.traits import Traits
from drasclr_core.cohort.phantom.tubes import Tubes

BASAL_CYSTS_SHARE, SCARS_SHARE = 0.15, 0.30
"""Share of subjects with thick-walled basal cysts and with apical scars."""


def lucent_lobules(chest: Chest, lobules: np.ndarray, rng: np.random.Generator) -> Balls:
    """Returns holes in clusters of neighbouring lobules, most low in the lungs: centres [N, 3], radii [N] in mm.

    There are 4 clusters on average (Poisson) of 3 to 8 lobules each.
    """
    height = chest.canonical(*lobules.T)[2] / 268
    weight = np.exp(-9 * height.clip(0))
    seeds = rng.choice(len(lobules), size=rng.poisson(4), p=weight / weight.sum())
    near = [np.argsort(((lobules - lobules[seed]) ** 2).sum(1))[: rng.integers(3, 9)] for seed in seeds]
    hit = np.unique(np.concatenate([*near, np.empty(0, int)])).astype(int)
    centres, size = holes_of(lobules[hit], np.ones(len(hit)), rng)
    return centres, (rng.uniform(1.4, 3.0) * size).clip(1.2, 6)


def isolated_cysts(chest: Chest, traits: Traits, rng: np.random.Generator) -> Balls:
    """Returns cysts of 5 to 14 mm anywhere in the lungs, 0.4 + 0.04 (age - 50) on average (Poisson)."""
    count = rng.poisson(max(0.4 + 0.04 * (traits.age - 50), 0.1))
    return lung_samples(chest, rng, count), rng.uniform(2.5, 7.0, count)


def basal_cysts(chest: Chest, rng: np.random.Generator) -> Balls:
    """Returns 15 to 60 cysts in rows under the basal and dorsal pleura in `BASAL_CYSTS_SHARE` of the subjects."""
    present, count, radius = rng.random() < BASAL_CYSTS_SHARE, rng.integers(15, 61), rng.uniform(3.5, 5.5)
    if not present:
        return np.empty((0, 3)), np.empty(0)
    prefer = lambda at, patch: 0.7 * patch - 4.0 * at[:, 2] / 268 - 1.2 * at[:, 1] / 100  # noqa: E731
    centres, radii = pleural_row(chest, radius, prefer, rng)
    return centres[:count], radii[:count]


def apical_scars(chest: Chest, rng: np.random.Generator) -> Tubes:
    """Returns 1 to 6 streaks of 10 to 40 mm from the apical pleura downwards, in `SCARS_SHARE` of the subjects."""
    present, count = rng.random() < SCARS_SHARE, rng.integers(1, 7)
    if not present:
        count = 0
    points = lung_samples(chest, rng, 4000)
    points = points[np.argsort(-chest.canonical(*points.T)[2])[:200]]
    start = points[rng.integers(len(points), size=count)]
    heading = rng.standard_normal((count, 3)) * (0.7, 0.7, 0.35) - (0, 0, 0.6)
    heading /= np.linalg.norm(heading, axis=1, keepdims=True).clip(1e-6)
    end = start + heading * rng.uniform(10, 40, (count, 1))
    return start, end, np.stack([rng.uniform(0.6, 1.8, count), np.full(count, 0.4)], 1)


def fissure_band(distance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns the HU to take away at `distance` mm from a fissure: 5 to 30 at the fissure, gone beyond 15 mm."""
    return (rng.uniform(5, 30) * np.exp(-((distance / 7) ** 2))).astype(np.float32)
