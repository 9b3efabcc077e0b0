"""Lung tissue: density, gravity gradient, texture, fissures, and where air is trapped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from drasclr_core.cohort.phantom.anatomy.lungs import Chest
from drasclr_core.cohort.phantom.grid import FIELD_MM, resample_grid, smooth_noise
from drasclr_core.cohort.phantom.subject.traits import Traits

_FINE_MM = 2.0
_FISSURE_MM, _FISSURE_HU = 0.6, -350.0


@dataclass(frozen=True)
class LungVoxels:
    """The voxels that lie in the lungs at least in part, as a list.

    Attributes
    ----------
    chest : Chest
    axes : list of three arrays
        Voxel-centre coordinates of the box round the lungs, mm.
    cover : float32 [x, y, z]
        Fraction of each voxel of the box that is lung.
    """

    chest: Chest
    axes: list[np.ndarray]
    cover: np.ndarray

    @cached_property
    def where(self) -> np.ndarray:
        """Flat numbers of the voxels in the list."""
        return np.flatnonzero(self.cover > 0)

    @property
    def spacing(self) -> float:
        return float(self.axes[0][1] - self.axes[0][0])

    @cached_property
    def points(self) -> list[np.ndarray]:
        """RAS mm coordinates x, y, z of the listed voxels."""
        places = np.unravel_index(self.where, self.cover.shape)
        return [axis[i] for axis, i in zip(self.axes, places, strict=True)]

    def sample(self, field: np.ndarray, field_mm: float = FIELD_MM) -> np.ndarray:
        """Returns a field of the lung frame, sampled every `field_mm`, at the listed voxels."""
        return resample_grid(field, self.chest.lung_frame, self.axes, field_mm).reshape(-1)[self.where]

    def draw(self, stamp, *shapes) -> np.ndarray:
        """Returns the coverage of the listed voxels by `shapes`, drawn with a function of `tubes`."""
        box = np.zeros(self.cover.shape, np.float32)
        stamp(box, self.axes, *shapes)
        return box.reshape(-1)[self.where]


def fine_noise(voxels: LungVoxels, rng: np.random.Generator, sigma_mm: float) -> np.ndarray:
    """Returns texture drawn every 2 mm, at the listed voxels: the same pattern at every voxel size."""
    shape = tuple(2 * n for n in voxels.chest.lung_frame.cells)
    return voxels.sample(smooth_noise(rng, shape, sigma_mm / _FINE_MM), _FINE_MM)


def healthy_tissue(voxels: LungVoxels, traits: Traits, rng: np.random.Generator) -> np.ndarray:
    """Returns the HU of normal lung at the listed voxels.

    At full inspiration the tissue between the vessels weighs 0.113 g/ml on average, 0.015 g/ml (15 HU) more or less
    from subject to subject whatever the disease; with n a standard normal and b the ``breath`` of the scan::

        HU = 1000 (0.113 + 0.015 n) / b - 1000 - 8 (V - 5.5) + 4 (female) - 4 (male)

    because the same tissue fills less air. It is denser towards the back (10 to 25 HU over 10 cm when fully inflated,
    more in a shallow breath: Millar and Denison, Thorax 1989), with patchy and fine texture that stands for structures
    too small to draw.
    """
    density = (0.113 + 0.015 * np.clip(rng.standard_normal(), -2.5, 2.5)) / traits.breath
    mean = 1000 * density - 1000 - 8 * (traits.lung_volume_l - 5.5) + (4 if traits.sex == "female" else -4)
    gradient = rng.uniform(10, 25) / 100 / traits.breath**3
    _, y, _ = voxels.points
    shape = voxels.chest.lungs.shape
    patches = voxels.sample(9 * smooth_noise(rng, shape, 2.2) + 8 * smooth_noise(rng, shape, 1.1))
    grain = fine_noise(voxels, rng, 1.5)
    amount = (1000 + mean) / 115
    hu = mean - gradient * (y - y.mean()) + amount * patches
    hu += amount * (13 * grain + 6 * (grain * grain - 1))
    dorsal = np.clip(-(y - y.mean()) / 90, 0, 1)
    hu += 55 * dorsal * np.exp(-voxels.sample(voxels.chest.depth) / 5) / traits.breath
    return hu.astype(np.float32)


def fissure_distance(voxels: LungVoxels) -> np.ndarray:
    """Returns the distance of the listed voxels to the nearest fissure (oblique; on the right horizontal too), mm."""
    chest = voxels.chest
    oblique, horizontal = voxels.sample(chest.oblique), voxels.sample(chest.horizontal)
    has_horizontal = (chest.canonical(*voxels.points)[0] > 0) & (oblique > 0)
    return np.where(has_horizontal, np.minimum(np.abs(oblique), np.abs(horizontal)), np.abs(oblique))


def lobe_of(voxels: LungVoxels) -> np.ndarray:
    """Returns the lobe of the listed voxels, uint8: 1 to 5 in the order of `lungs.LOBES`."""
    chest = voxels.chest
    oblique, horizontal = voxels.sample(chest.oblique), voxels.sample(chest.horizontal)
    right = np.where(oblique < 0, 3, np.where(horizontal < 0, 2, 1))
    return np.where(chest.canonical(*voxels.points)[0] > 0, right, np.where(oblique < 0, 5, 4)).astype(np.uint8)


def add_fissures(hu: np.ndarray, distance: np.ndarray, spacing: float) -> np.ndarray:
    """Draws the fissures, 0.6 mm thick, in place, given each voxel's `distance` to them; returns their mask."""
    width = max(spacing, _FISSURE_MM)
    cover = _FISSURE_MM / width * (1 - distance / width).clip(0)
    hu += cover * (_FISSURE_HU - hu)
    return distance < width / 2


def region(field: np.ndarray, chest: Chest, fraction: float) -> np.ndarray:
    """Returns `field` shifted so that it is positive in the given `fraction` of the lungs (on the fixed grid)."""
    level = np.quantile(field[chest.lobes > 0], 1 - fraction)
    return (field - level).astype(np.float32)


def trapped_regions(chest: Chest, traits: Traits, rng: np.random.Generator) -> np.ndarray:
    """Returns a fixed-grid field, positive where air is trapped: a mosaic of patches the size of a few lobules."""
    mosaic = smooth_noise(rng, chest.lungs.shape, 2.8) + 0.5 * smooth_noise(rng, chest.lungs.shape, 8)
    return region(mosaic, chest, traits.gas_trapping)


def trap_air(hu: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Lowers the density a little where air is trapped, in place; returns the mask.

    At full inspiration trapped lung is only about 8 HU less dense; it shows on expiration, which is not simulated and
    which the clinical table reports (``gas_trapping_pct``).
    """
    weight = (0.5 + field / 0.25).clip(0, 1)
    hu -= 0.06 * weight * (hu + 1000)
    return field > 0
