"""One simulated subject: from traits to a chest CT with its truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drasclr_core.cohort.phantom.anatomy.airways import Airways, bronchial_tree, make_airways, wall_measures
from drasclr_core.cohort.phantom.anatomy.heart import label_organs
from drasclr_core.cohort.phantom.anatomy.lungs import Chest, make_chest
from drasclr_core.cohort.phantom.anatomy.parenchyma import LungVoxels, lobe_of
from drasclr_core.cohort.phantom.anatomy.tissue import draw_body
from drasclr_core.cohort.phantom.anatomy.trees import lobules
from drasclr_core.cohort.phantom.anatomy.vessels import make_arteries, make_veins
from drasclr_core.cohort.phantom.disease.lung import fill_lungs
from drasclr_core.cohort.phantom.grid import affine_of, random_stream, resample_grid, window
from drasclr_core.cohort.phantom.scan.motion import beat
from drasclr_core.cohort.phantom.scan.scanner import Scanner
from drasclr_core.cohort.phantom.subject.traits import Traits
from drasclr_core.cohort.phantom.truth import MASKS, disease_shares
from drasclr_core.cohort.phantom.tubes import stamp_tubes
from drasclr_core.imaging.constants import AIR, LOW_ATTENUATION
from drasclr_core.imaging.volume import Volume

_WALL_HU = -110.0


@dataclass(frozen=True)
class Phantom:
    """A simulated scan.

    Attributes
    ----------
    volume : Volume
        HU, RAS+.
    truth : dict of arrays [x, y, z]
        ``lungs`` (uint8: 0, 1 right, 2 left), ``lobes`` (uint8: 0, 1 to 5 as in `lungs.LOBES`), ``organs`` (uint8: 0, 1
        to 7 as in `heart.ORGANS`) and the boolean masks named in `truth.MASKS`.
    measures : dict
        ``lung_volume_l``; ``centrilobular``, ``paraseptal``, ``panlobular``, ``gas_trapping``, ``covid`` (fractions of
        the lung volume); ``wall_area_pct``, ``pi10`` (mm), ``laa950`` (fraction of the lungs below -950 HU without
        noise).
    scanner : Scanner
        The protocol that made the picture.
    """

    volume: Volume
    truth: dict[str, np.ndarray]
    measures: dict[str, float]
    scanner: Scanner


def simulate(
    traits: Traits, index: int, seed: int = 0, spacing: float = 2.0, nodules: int = 0, scanner: Scanner | None = None
) -> Phantom:
    """Simulates subject `index`: the same anatomy and disease at every voxel size, and in a cohort of any size.

    Parameters
    ----------
    traits : Traits
        Who the subject is and how ill.
    index, seed : int
        Together they choose all random numbers of the picture.
    spacing : float
        Voxel size in mm, 1 to 4.
    nodules : int
        How many nodules of 3 to 30 mm the lungs hold.
    scanner : Scanner, optional
        Another protocol than the subject's own.

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
    tree_rng, moving, scanning = next(stream), next(stream), next(stream)
    tree = bronchial_tree(chest, centres, lobe, tree_rng)
    airways = make_airways(chest, tree, traits.wall_thickening, tree_rng)
    size = float(np.cbrt(np.linalg.det(chest.matrix[:3, :3])))
    arteries, veins = make_arteries(tree, size), make_veins(chest, size, tree_rng)
    vessels = tuple(np.concatenate(pair) for pair in zip(arteries, veins, strict=True))

    lung, masks = fill_lungs(voxels, traits, centres, vessels, nodules, stream)
    cover = voxels.cover.reshape(-1)[voxels.where]
    inside = hu[box].reshape(-1)
    inside[voxels.where] += cover * (lung - inside[voxels.where])
    hu[box] = inside.reshape(voxels.cover.shape)
    truth = _draw_airways(hu, airways, axes)
    side = np.where(chest.canonical(*voxels.points)[0] > 0, 1, 2).astype(np.uint8)
    masks |= {"lungs": side, "lobes": lobe_of(voxels)}
    truth |= _in_place(masks, voxels, cover > 0.5, box, hu.shape)
    organ = resample_grid(chest.organ, chest.frame, axes)
    truth["organs"] = np.where(truth["lungs"] > 0, 0, _organs(organ, chest, axes))
    truth |= {name: np.zeros(hu.shape, bool) for name in MASKS if name not in truth}
    measures = _measures(truth, hu, spacing) | wall_measures(airways)
    beat(hu, organ, spacing, moving)
    own = Scanner.draw(scanning, traits.bmi)
    volume = Volume((scanner or own).scan(hu, spacing, scanning), affine_of(axes))
    return Phantom(volume, truth, measures, scanner or own)


def _organs(organ: np.ndarray, chest: Chest, axes: list[np.ndarray]) -> np.ndarray:
    """Labels of the heart's chambers and the great vessels, uint8."""
    where = np.flatnonzero(organ < 0)
    places = (axis[i] for axis, i in zip(axes, np.unravel_index(where, organ.shape), strict=True))
    labels = np.zeros(organ.shape, np.uint8)
    labels.reshape(-1)[where] = label_organs(organ.reshape(-1)[where], chest.canonical(*places), chest.build)
    return labels


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
    share = disease_shares(truth)
    return {
        "lung_volume_l": count * spacing**3 / 1e6,
        **{name: share[name] for name in ("centrilobular", "paraseptal", "panlobular", "gas_trapping")},
        "covid": share["ground_glass"] + share["crazy_paving"] + share["consolidation"],
        "laa950": float((hu[lungs & ~truth["airways"]] < LOW_ATTENUATION).mean()),
    }
