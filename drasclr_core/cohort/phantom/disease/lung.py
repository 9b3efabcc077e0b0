"""The content of the lungs: healthy tissue, then disease and what looks like it, vessels, fissures and nodules."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.spatial import cKDTree

from drasclr_core.cohort.phantom.anatomy import parenchyma
from drasclr_core.cohort.phantom.anatomy.parenchyma import LungVoxels
from drasclr_core.cohort.phantom.anatomy.tissue import BLOOD
from drasclr_core.cohort.phantom.disease import covid, emphysema, lookalikes
from drasclr_core.cohort.phantom.disease.nodules import add_nodules, draw_nodules
from drasclr_core.cohort.phantom.subject.traits import Traits
from drasclr_core.cohort.phantom.tubes import Tubes, stamp_balls, stamp_tubes

_SCAR_HU = -250.0


def fill_lungs(
    voxels: LungVoxels,
    traits: Traits,
    lobules: np.ndarray,
    vessels: Tubes,
    nodules: int,
    stream: Iterator[np.random.Generator],
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Returns the HU of the listed lung voxels, and the masks of disease, look-alikes, vessels and fissures among them.

    Parameters
    ----------
    lobules : float [N, 3]
        Centres of the secondary lobules, mm.
    vessels : Tubes
        Arteries and veins.
    nodules : int
        How many nodules.
    stream : iterator of Generator
        Random numbers of the parts, in a fixed order, so that one part does not change another's.
    """
    chest, masks = voxels.chest, {}
    tissue, trapping, pan, holes, cysts, pneumonia, alike, spots = (next(stream) for _ in range(8))
    hu = parenchyma.healthy_tissue(voxels, traits, tissue)
    if traits.gas_trapping > 0:
        masks["gas_trapping"] = parenchyma.trap_air(
            hu, voxels.sample(parenchyma.trapped_regions(chest, traits, trapping))
        )
    if traits.panlobular > 0:
        masks["panlobular"] = emphysema.add_panlobular(
            hu, voxels.sample(emphysema.panlobular_field(chest, traits, pan))
        )
    to_fissure = parenchyma.fissure_distance(voxels)
    hu -= lookalikes.fissure_band(to_fissure, alike)
    masks["fissures"] = parenchyma.add_fissures(hu, to_fissure, voxels.spacing)
    lucent = _draw_holes(hu, voxels, lookalikes.lucent_lobules(chest, lobules, alike), 0.0, alike)
    if traits.centrilobular > 0:
        balls = emphysema.centrilobular_holes(chest, traits, lobules, holes)
        masks["centrilobular"] = _draw_holes(hu, voxels, balls, traits.centrilobular, holes)
    if traits.covid_extent > 0:
        fields = covid.pneumonia_fields(chest, traits, pneumonia)
        masks |= covid.add_pneumonia(hu, voxels, *fields, pneumonia)
    cover = voxels.draw(stamp_tubes, *vessels)
    masks["vessels"] = cover > 0.4
    hu += cover * np.maximum(BLOOD - hu, 0)
    hu += voxels.draw(stamp_tubes, *lookalikes.apical_scars(chest, alike)) * np.maximum(_SCAR_HU - hu, 0)
    isolated = _draw_cysts(hu, voxels, lookalikes.isolated_cysts(chest, traits, alike), (0.3, 0.8), 1.0, alike)
    basal = _draw_cysts(hu, voxels, lookalikes.basal_cysts(chest, alike), (0.6, 1.6), 1.0, alike)
    if traits.paraseptal > 0:
        balls = emphysema.paraseptal_cysts(chest, traits, cysts)
        masks["paraseptal"] = _draw_cysts(hu, voxels, balls, (0.3, 1.0), traits.paraseptal, cysts)
    ill = [masks[name] for name in ("centrilobular", "paraseptal", "panlobular") if name in masks]
    masks["lookalike"] = (lucent | isolated | basal) & ~np.logical_or.reduce([*ill, np.zeros(len(hu), bool)])
    if nodules:
        masks |= add_nodules(hu, voxels, draw_nodules(chest, nodules, spots))
    return hu, masks


def _draw_holes(hu, voxels: LungVoxels, balls: emphysema.Balls, extent: float, rng) -> np.ndarray:
    """Draws holes without walls, each with its own residual tissue; returns their mask."""
    if not len(balls[1]):
        return np.zeros(len(hu), bool)
    cover = voxels.draw(stamp_balls, *balls)
    lost = emphysema.tissue_lost(extent, len(balls[1]), rng)
    return emphysema.add_holes(hu, cover, _of_nearest(voxels, cover, balls[0], lost))


def _draw_cysts(hu, voxels: LungVoxels, balls: emphysema.Balls, wall_mm, extent: float, rng) -> np.ndarray:
    """Draws cysts, each with its own wall (mm, uniform in `wall_mm`) and residual tissue; returns their mask."""
    centre, radius = balls
    if not len(radius):
        return np.zeros(len(hu), bool)
    wall = rng.uniform(*wall_mm, len(radius))
    inner = voxels.draw(stamp_balls, centre, (radius - wall / 2).clip(0.5))
    outer = voxels.draw(stamp_balls, centre, radius + wall / 2)
    lost = emphysema.tissue_lost(extent, len(radius), rng)
    return emphysema.add_cysts(hu, inner, outer, _of_nearest(voxels, inner, centre, lost))


def _of_nearest(voxels: LungVoxels, cover: np.ndarray, centres: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The value of the nearest of the `centres` at every covered voxel, 0 elsewhere."""
    touched = np.flatnonzero(cover)
    nearest = cKDTree(centres).query(np.stack([axis[touched] for axis in voxels.points], 1))[1]
    found = np.zeros(len(cover), np.float32)
    found[touched] = values[nearest]
    return found
