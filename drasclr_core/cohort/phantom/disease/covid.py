"""COVID-19 pneumonia: ground glass, crazy paving and consolidation, peripheral and low in the lungs."""

from __future__ import annotations

import numpy as np

from drasclr_core.cohort.phantom.anatomy.lungs import Chest
from drasclr_core.cohort.phantom.anatomy.parenchyma import LungVoxels, fine_noise, region
from drasclr_core.cohort.phantom.grid import smooth_noise
from drasclr_core.cohort.phantom.subject.traits import Traits


def pneumonia_fields(chest: Chest, traits: Traits, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Returns two fixed-grid fields, `extent`, positive in the diseased ``traits.covid_extent`` of the lungs, and
    `kind`; and the disease's `age`, 0 to 1, uniform and independent of the extent.

    Disease starts under the pleura, low and at the back, in patches (Simpson et al., Radiol Cardiothorac Imaging 2020).
    Inside it, `kind` above 1 is consolidation and between 0 and 1 crazy paving; the rest is ground glass. Consolidation
    grows with the extent e and, as in the first two weeks of the illness (Pan et al., Radiology 2020), with the age a:
    its share of the diseased lung is 2 a (0.07 + 0.23 e), that of crazy paving 0.31 - 0.03 e. So lungs of one grade
    differ in density, because a grade counts how much is ill and not how dense it is.
    """
    age = float(rng.spawn(1)[0].random())
    _, y, z = chest.canonical(*np.ix_(*chest.lung_frame.axes()))
    shape = chest.lungs.shape
    extent = 1.5 * np.exp(-chest.depth / 14) - 1.5 * z / 268 - 0.5 * y / 100
    extent = extent + 0.75 * smooth_noise(rng, shape, 3) + 0.6 * smooth_noise(rng, shape, 7)
    extent = region(extent, chest, traits.covid_extent)
    sick = (extent > 0) & (chest.lobes > 0)
    if not sick.any():
        return extent, np.full(shape, -1, np.float32), age
    texture = smooth_noise(rng, shape, 2.4) + 0.7 * extent
    solid = 2 * age * (0.07 + 0.23 * traits.covid_extent)
    paving, solid = np.quantile(texture[sick], (0.69 + 0.03 * traits.covid_extent - solid, 1 - solid))
    return extent, ((texture - paving) / (solid - paving)).astype(np.float32), age


def add_pneumonia(
    hu: np.ndarray, voxels: LungVoxels, extent: np.ndarray, kind: np.ndarray, age: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Fills the airspaces at the listed voxels, in place; returns the masks of the three patterns (no overlap).

    Ground glass adds 235 (0.5 + a) HU: it is faint at first and becomes denser with the age a.
    """
    ragged = fine_noise(voxels, rng, 4.0)
    extent = voxels.sample(extent) + 0.12 * ragged
    kind = voxels.sample(kind) + 0.25 * fine_noise(voxels, rng, 3.0)
    sick = extent > 0
    haze = (0.5 + extent / 0.6).clip(0, 1)
    hu += haze * (0.5 + age) * (235 + 45 * ragged)
    lines = np.exp(-((fine_noise(voxels, rng, 2.6) / 0.28) ** 2))
    hu += haze * (0.5 + 4 * kind).clip(0, 1) * (50 + 210 * lines)
    solid = haze * (0.5 + 2.5 * (kind - 1)).clip(0, 1)
    hu += solid * (25 + 20 * ragged - hu)
    return {
        "ground_glass": sick & (kind <= 0),
        "crazy_paving": sick & (kind > 0) & (kind <= 1),
        "consolidation": sick & (kind > 1),
    }
