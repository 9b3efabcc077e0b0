"""The reduced phantoms of the course: patches of simulated lungs that are made in a second, and what is true of them.

Reduced means: no chest, only patches of tissue at a few landmarks, voxels of 4 mm. What stayed is what makes reading
emphysema hard. Holes are small, and more frequent at the top of the lungs. Who breathes in less has denser tissue, a
noisy scanner makes healthy voxels dark, and both shift the share below -950 HU that is measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy import ndimage

from drasclr_core.imaging.constants import LOW_ATTENUATION

SEED = 1893
"""Of everything that is made for teaching. Tuning and the shown cohort have others."""
OPEN, HIDDEN = 128, 64
"""Phantoms that students train and fit on, and those that they are scored on."""
SPACING, PATCH, MARGIN = 4.0, 8, 1
"""mm; voxels of a view; voxels of context on each side."""
LOCATIONS = np.array(
    [(x, y, z) for x in (-0.6, 0.6) for y in (-0.5, 0.5) for z in (-0.75, -0.25, 0.25, 0.75)], np.float32
)


@dataclass(frozen=True)
class Phantoms:
    """Patches of some phantoms.

    Attributes
    ----------
    patches : int16 [N, L, n, n, n]
        HU, voxels of 4 mm, with a margin of one voxel round the 8 of a view.
    locations : float32 [L, 3]
        Of the landmarks, in [-1, 1].
    emphysema : float [N]
        True share of the tissue that is holes, in %.
    """

    patches: np.ndarray
    locations: np.ndarray
    emphysema: np.ndarray

    def __len__(self) -> int:
        return len(self.patches)

    def some(self, rows: np.ndarray | slice) -> Phantoms:
        """Returns those of some rows."""
        return replace(self, patches=self.patches[rows], emphysema=self.emphysema[rows])


def laa950(patches: np.ndarray) -> np.ndarray:
    """Returns the share of the voxels of patches [N, ...] below -950 HU, in %, [N]."""
    return 100 * (patches < LOW_ATTENUATION).reshape(len(patches), -1).mean(axis=1)


def open_phantoms() -> Phantoms:
    """Returns the phantoms that students see with all that is true of them."""
    return _all().some(slice(OPEN))


def hidden_phantoms() -> Phantoms:
    """Returns those on which answers are scored. Who fits on them learns nothing about others."""
    return _all().some(slice(OPEN, None))


@cache
def _all() -> Phantoms:
    return make_phantoms(OPEN + HIDDEN, SEED)


def make_phantoms(count: int, seed: int) -> Phantoms:
    """Simulates phantoms; with the same seed the first ones of a larger number are not the same."""
    random, n = np.random.default_rng(seed), PATCH + 2 * MARGIN
    shape = (count, len(LOCATIONS), n, n, n)
    each = (slice(None), *(None,) * 4)
    extent = np.maximum(random.normal(0.10, 0.12, count), 0.002)  # before holes overlap
    breath, noise = random.normal(0, 22, count), random.uniform(12, 50, count)  # HU
    height = LOCATIONS[:, 2]
    texture = ndimage.gaussian_filter(random.normal(size=shape), (0, 0, 1, 1, 1))
    tissue = -868 - 12 * height[None, :, None, None, None] + breath[each] + 20 * texture / texture.std()
    rate = extent[:, None] * (1 + 0.8 * height) / 8  # a hole has about eight voxels
    seeds = random.random(shape) < rate[:, :, None, None, None]
    holes = ndimage.binary_dilation(seeds, np.ones((1, 1, 2, 2, 2), bool))
    vessels = ndimage.gaussian_filter(random.normal(size=shape), (0, 0, 0.8, 0.8, 2)) > 0.42
    hu = np.where(holes, -975, tissue)
    hu = np.where(vessels & ~holes, -700, hu) + noise[each] * random.normal(size=shape)
    patches = np.rint(hu).clip(-1024, 240).astype(np.int16)
    return Phantoms(patches, LOCATIONS, 100 * holes.reshape(count, -1).mean(axis=1))
