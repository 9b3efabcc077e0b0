"""One simulated subject: from traits to a chest CT with its truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drasclr_core.cohort.phantom import covid, emphysema, parenchyma
from drasclr_core.cohort.phantom.airways import Airways, bronchial_tree, make_airways, wall_measures
from drasclr_core.cohort.phantom.grid import affine_of, random_stream, resample_grid, window
from drasclr_core.cohort.phantom.lungs import make_chest
from drasclr_core.cohort.phantom.parenchyma import LungVoxels
from drasclr_core.cohort.phantom.scanner import Scanner
from drasclr_core.cohort.phantom.tissue import BLOOD, draw_body
from drasclr_core.cohort.phantom.traits import Traits
from drasclr_core.cohort.phantom.trees import lobules
from drasclr_core.cohort.phantom.truth import DISEASES
from drasclr_core.cohort.phantom.tubes import stamp_balls, stamp_tubes
from drasclr_core.cohort.phantom.vessels import make_arteries, make_veins
from drasclr_core.imaging.constants import AIR, LOW_ATTENUATION
from drasclr_core.imaging.volume import Volume

_WALL_HU = -110.0
_SEPTUM_MM = 0.3


@dataclass(frozen=True)
class Phantom:
    """A simulated scan.

    Attributes
    ----------
    volume : Volume
        HU, RAS+.
    truth : dict of arrays [x, y, z]
        ``lungs`` (uint8: 0, 1 right, 2 left) and the boolean masks named in `truth.BITS`.
    measures : dict
        ``lung_volume_l``; ``centrilobular``, ``paraseptal``, ``panlobular``, ``gas_trapping``, ``covid`` (fractions of
        the lung volume); ``wall_area_pct``, ``pi10`` (mm), ``laa950`` (fraction of the lungs below -950 HU without
        noise).
    """

    volume: Volume
    truth: dict[str, np.ndarray]
    measures: dict[str, float]


def simulate(traits: Traits, index: int, seed: int = 0, spacing: float = 2.0) -> Phantom:
    """Simulates subject `index`: the same anatomy and disease at every voxel size, and in a cohort of any size.

    Parameters
    ----------
    traits : Traits
        Who the subject is and how ill.
    index, seed : int
        Together they choose all random numbers of the picture.
    spacing : float
        Voxel size in mm, 1 to 4.

    Raises
    ------
    ValueError
        If `spacing` is not between 1 and 4 mm.
    """
    if not 1 <= spacing <= 4:
        raise ValueError(f"Phantoms are made with voxels of 1 to 4 mm, not {spacing} mm.")
    stream = iter(random_stream(seed, index, part) for part in range(1, 20))
    chest = make_chest(traits, index, seed)
    axes = chest.frame.axes(spacing)
    hu = draw_body(chest, axes, next(stream))
    box = window(axes, chest.lung_frame)
    box_axes = [axis[cut] for axis, cut in zip(axes, box, strict=True)]
    surface = resample_grid(chest.lungs, chest.lung_frame, box_axes)
    voxels = LungVoxels(chest, box_axes, (0.5 - surface / spacing).clip(0, 1))
    centres, lobe = lobules(chest, next(stream))
    tree_rng = next(stream)
    tree = bronchial_tree(chest, centres, lobe, tree_rng)
    airways = make_airways(chest, tree, traits.wall_thickening, tree_rng)
    size = float(np.cbrt(np.linalg.det(chest.matrix[:3, :3])))
    vessels = [
        np.concatenate(pair) for pair in zip(make_arteries(tree, size), make_veins(chest, size, tree_rng), strict=True)
    ]

    lung, masks = _diseased_lung(voxels, traits, centres, vessels, stream)
    cover = voxels.cover.reshape(-1)[voxels.where]
    inside = hu[box].reshape(-1)
    inside[voxels.where] += cover * (lung - inside[voxels.where])
    hu[box] = inside.reshape(voxels.cover.shape)
    truth = _draw_airways(hu, airways, axes)
    truth |= _in_place(masks, voxels, cover > 0.5, box, hu.shape)
    side = np.where(chest.canonical(*voxels.points)[0] > 0, 1, 2).astype(np.uint8)
    truth |= _in_place({"lungs": side}, voxels, cover > 0.5, box, hu.shape)
    truth |= {name: np.zeros(hu.shape, bool) for name in DISEASES if name not in truth}
    rng = next(stream)
    volume = Volume(Scanner.draw(rng).scan(hu, spacing, rng), affine_of(axes))
    return Phantom(volume, truth, _measures(truth, hu, spacing) | wall_measures(airways))


def _diseased_lung(voxels: LungVoxels, traits: Traits, lobule_centres, vessels, stream) -> tuple[np.ndarray, dict]:
    """HU of the listed lung voxels, and the masks of disease, vessels and fissures among them."""
    chest, masks = voxels.chest, {}
    hu = parenchyma.healthy_tissue(voxels, traits, next(stream))
    trapping, pan, holes, cysts, pneumonia = (next(stream) for _ in range(5))
    if traits.gas_trapping > 0:
        field = parenchyma.trapped_regions(chest, traits, trapping)
        masks["gas_trapping"] = parenchyma.trap_air(hu, voxels.sample(field))
    if traits.panlobular > 0:
        field = emphysema.panlobular_field(chest, traits, pan)
        masks["panlobular"] = emphysema.add_panlobular(hu, voxels.sample(field))
    masks["fissures"] = parenchyma.add_fissures(hu, voxels)
    if traits.centrilobular > 0:
        balls = emphysema.centrilobular_holes(chest, traits, lobule_centres, holes)
        masks["centrilobular"] = emphysema.add_holes(hu, voxels.draw(stamp_balls, *balls))
    if traits.covid_extent > 0:
        fields = covid.pneumonia_fields(chest, traits, pneumonia)
        masks |= covid.add_pneumonia(hu, voxels, *fields, pneumonia)
    cover = voxels.draw(stamp_tubes, *vessels)
    masks["vessels"] = cover > 0.4
    hu += cover * np.maximum(BLOOD - hu, 0)
    if traits.paraseptal > 0:
        centre, radius = emphysema.paraseptal_cysts(chest, traits, cysts)
        inner = voxels.draw(stamp_balls, centre, radius - _SEPTUM_MM)
        masks["paraseptal"] = emphysema.add_cysts(hu, inner, voxels.draw(stamp_balls, centre, radius + _SEPTUM_MM))
    return hu, masks


def _draw_airways(hu: np.ndarray, airways: Airways, axes: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Draw walls and lumens into `hu`, in place; returns their masks."""
    outer, lumen = np.zeros_like(hu), np.zeros_like(hu)
    stamp_tubes(outer, axes, airways.start, airways.end, airways.outer)
    stamp_tubes(lumen, axes, airways.start, airways.end, airways.inner)
    touched = np.flatnonzero(outer)
    flat, around, air = hu.reshape(-1), outer.reshape(-1)[touched], lumen.reshape(-1)[touched]
    flat[touched] += around * np.maximum(_WALL_HU - flat[touched], 0)
    flat[touched] += air * (AIR - flat[touched])
    return {"airways": lumen > 0.5, "airway_walls": (outer > 0.5) & (lumen <= 0.5)}


def _in_place(masks: dict, voxels: LungVoxels, keep, box, shape) -> dict[str, np.ndarray]:
    """Masks over listed voxels as volumes of the whole picture."""
    volumes = {}
    for name, mask in masks.items():
        inner = np.zeros(voxels.cover.size, mask.dtype)
        inner[voxels.where[keep]] = mask[keep]
        volumes[name] = np.zeros(shape, mask.dtype)
        volumes[name][box] = inner.reshape(voxels.cover.shape)
    return volumes


def _measures(truth: dict[str, np.ndarray], hu: np.ndarray, spacing: float) -> dict[str, float]:
    lungs = truth["lungs"] > 0
    count = int(lungs.sum())
    share = {name: float(truth[name].sum()) / count for name in DISEASES}
    return {
        "lung_volume_l": count * spacing**3 / 1e6,
        **{name: share[name] for name in ("centrilobular", "paraseptal", "panlobular", "gas_trapping")},
        "covid": share["ground_glass"] + share["crazy_paving"] + share["consolidation"],
        "laa950": float((hu[lungs & ~truth["airways"]] < LOW_ATTENUATION).mean()),
    }
