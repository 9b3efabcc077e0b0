"""The body in HU before the lungs are put in: air, table, skin, fat, muscle, organs and bones."""

from __future__ import annotations

import numpy as np

from drasclr_core.cohort.phantom.anatomy import body
from drasclr_core.cohort.phantom.anatomy.lungs import Chest
from drasclr_core.cohort.phantom.grid import resample_grid, smooth_noise
from drasclr_core.cohort.phantom.tubes import stamp_tubes
from drasclr_core.imaging.constants import AIR

FAT, MUSCLE, BLOOD, LIVER, SPLEEN = -102.0, 48.0, 42.0, 58.0, 46.0
_CORTEX, _MARROW, _CARTILAGE, _DISC = 620.0, 190.0, 105.0, 85.0
_RIB_STEP, _VERTEBRA = 25.0, 24.0  # mm between ribs and between vertebrae along the spine


def draw_body(chest: Chest, axes: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Returns HU [x, y, z] of everything but the lungs, on the grid of voxel centres `axes`."""
    spacing = float(axes[0][1] - axes[0][0])
    soft = _soft_tissue(chest, rng)
    skin = resample_grid(chest.skin, chest.frame, axes)
    skin -= np.float32(chest.build.fat)
    hu = resample_grid(soft, chest.frame, axes)
    hu -= AIR
    hu *= (0.5 - skin / spacing).clip(0, 1)
    hu += AIR
    _draw_table(hu, chest, axes, spacing)
    cage = resample_grid(chest.cage, chest.frame, axes)
    _draw_ribs(hu, cage, chest, axes, spacing)
    _draw_clavicles(hu, chest, axes)
    _draw_spine(hu, chest, axes, spacing)
    return hu


def _soft_tissue(chest: Chest, rng: np.random.Generator) -> np.ndarray:
    """Soft tissue on the fixed grid, without an outer boundary: fat outside muscle, organs inside the cage."""
    x, y, z = chest.canonical(*np.ix_(*chest.frame.axes()))
    streaks = smooth_noise(rng, chest.skin.shape, 1.2)
    soft = FAT + _filled(chest.skin) * (MUSCLE - FAT - 22 * (streaks > 0.9))
    inside = _filled(chest.cage + 3)
    mediastinal = FAT + 60 + _filled(chest.organ) * (BLOOD - FAT - 60)
    soft += inside * (mediastinal - soft)
    under = _filled(-chest.below) * inside
    organ = np.where(x > -12, LIVER, SPLEEN).astype(np.float32)
    if chest.build.gas_bubble > 12:
        wide, top = chest.build.gas_bubble, chest.build.dome[1]
        bubble = body.ellipsoid(x, y, z, (-62, 28, top - 42), (wide, 0.8 * wide, 20))
        organ += _filled(bubble) * (AIR + 40 - organ)
    soft += under * (organ - soft)
    return (soft + 5 * streaks).astype(np.float32)


def _filled(distance: np.ndarray) -> np.ndarray:
    """1 inside, 0 outside, with an edge wide enough for the fixed grid."""
    return (0.5 - distance / 5).clip(0, 1)


def _draw_table(hu: np.ndarray, chest: Chest, axes: list[np.ndarray], spacing: float) -> None:
    """The scanner's curved table, just under the subject: the same in every slice."""
    cut = chest.skin.min(axis=2) - chest.build.fat
    x, y = np.ix_(axes[0], axes[1])
    lowest = chest.frame.axes()[1][np.argmax((cut < 0).any(axis=0))]
    distance = np.abs(y - (lowest - 8 + 0.0011 * (x - axes[0].mean()) ** 2))
    shell = (0.5 + (2.5 - distance) / spacing).clip(0, 1)[..., None] * np.float32(750)
    rows = np.flatnonzero(shell.any(axis=(0, 2)))
    band = hu[:, rows[0] : rows[-1] + 1]
    np.maximum(band, AIR + shell[:, rows[0] : rows[-1] + 1], out=band)


def _bone(hu: np.ndarray, where: np.ndarray, distance: np.ndarray, spacing: float, marrow) -> None:
    """Paint bone with a dense cortex of about 1.5 mm at the flat voxels `where`; `distance` is negative inside."""
    value = marrow + (_CORTEX - marrow) * np.exp(-((distance / 1.6) ** 2))
    cover = (0.5 - distance / spacing).clip(0, 1)
    flat = hu.reshape(-1)
    flat[where] += cover * (value - flat[where])


def _points(chest: Chest, where: np.ndarray, shape, axes) -> list[np.ndarray]:
    """Canonical coordinates of flat voxel numbers."""
    return chest.canonical(*(axis[i] for axis, i in zip(axes, np.unravel_index(where, shape), strict=True)))


def _draw_ribs(hu: np.ndarray, cage: np.ndarray, chest: Chest, axes, spacing: float) -> None:
    """Ribs slope down from back to front in the wall of the cage and end in cartilage; breastbone, shoulder blades."""
    where = np.flatnonzero((cage > 0) & (cage < 28))
    x, y, z = _points(chest, where, hu.shape, axes)
    out = cage.reshape(-1)[where]
    centre = (body.front(z) + body.profile([body.SKIN_BACK + 32] * 12, z)) / 2
    angle = np.arctan2(np.abs(x), -(y - centre))  # 0 at the back, pi at the front
    drop = 84 * (1 - np.cos(np.minimum(angle, 2.5))) / 1.8
    across = np.abs((z + drop - 12 + _RIB_STEP / 2) % _RIB_STEP - _RIB_STEP / 2)
    rib = (np.sqrt((across / 6.5) ** 2 + ((out - 6.5) / 4) ** 2) - 1) * 4.5
    gone = (np.abs(x) < 16) | (z + drop > 275)
    ends = (angle > 2.35) | gone
    _bone(hu, where[~ends & (rib < spacing)], rib[~ends & (rib < spacing)], spacing, _MARROW)
    soft = (angle > 2.35) & ~gone & (rib < 0) & (z > 20)
    hu.reshape(-1)[where[soft]] = _CARTILAGE
    front = y > centre
    plate = body.ellipsoid(x, out, z, (0, 9, 150), (17, 6.5, 82))
    _bone(hu, where[front & (plate < spacing)], plate[front & (plate < spacing)], spacing, _MARROW - 60)
    blade = np.abs(out - 21 + 4 * np.cos(z / 25)) - 2.6
    bent = (angle > 0.55 + (235 - z) / 420) & (angle < 1.35) & (z > 110) & (z < 235) & (blade < spacing)
    _bone(hu, where[bent], blade[bent], spacing, _MARROW)


def _draw_clavicles(hu: np.ndarray, chest: Chest, axes) -> None:
    """Collar bones, from the top of the breastbone to the shoulders."""
    inner = float(body.front(np.array(222.0))) + 9
    for side in (-1, 1):
        nodes = chest.to_world([(side * 12, inner, 218), (side * 75, 44, 243), (side * 150, 8, 258)])
        low, high = nodes.min(0) - 10, nodes.max(0) + 10
        box = tuple(slice(*np.searchsorted(axis, ends)) for axis, *ends in zip(axes, low, high, strict=True))
        cover = np.zeros(hu[box].shape, np.float32)
        if min(cover.shape) > 1:
            part = [axis[cut] for axis, cut in zip(axes, box, strict=True)]
            stamp_tubes(cover, part, nodes[:-1], nodes[1:], np.full((2, 2), 6.0))
            hu[box] += cover * (420 - hu[box])


def _draw_spine(hu: np.ndarray, chest: Chest, axes, spacing: float) -> None:
    """Vertebral bodies with discs, canal, arches, transverse and spinous processes."""
    corners = np.array(np.meshgrid((-42, 42), (-140, -52), (-60, 320))).reshape(3, -1).T
    corners = chest.to_world(corners)
    box = [
        slice(*np.searchsorted(axis, (low, high)))
        for axis, low, high in zip(axes, corners.min(0), corners.max(0), strict=True)
    ]
    part = [axis[cut] for axis, cut in zip(axes, box, strict=True)]
    x, y, z = (np.ascontiguousarray(c) for c in np.broadcast_arrays(*chest.canonical(*np.ix_(*part))))
    y = y - np.float32(body.SPINE_Y)
    level = np.abs((z + _VERTEBRA / 2) % _VERTEBRA - _VERTEBRA / 2)
    round_body = (np.hypot(x / body.SPINE_HALF[0], y / body.SPINE_HALF[1]) - 1) * body.SPINE_HALF[1]
    vertebra = np.maximum(round_body, level - 9.5)
    ring = np.abs(np.hypot(x, y + 25) - 11.5) - 2.8
    arch = np.maximum(ring, np.maximum(level - 7.5, y + 14))
    slanted = np.abs((z - 0.5 * y + _VERTEBRA / 2) % _VERTEBRA - _VERTEBRA / 2)
    spinous = np.maximum.reduce([np.abs(x) - 3.5, slanted - 6, y + 36, -62 - y])
    transverse = np.maximum.reduce([np.abs(y + 22 + 0.25 * np.abs(x)) - 5, level - 5.5, np.abs(x) - 36, 10 - np.abs(x)])
    bone = np.minimum.reduce([vertebra, arch, spinous, transverse])
    view = hu[tuple(box)]
    disc = (round_body < 0) & (level > 9.5)
    view[disc] = _DISC
    inside = bone < spacing
    value = _MARROW + (_CORTEX - 120 - _MARROW) * np.exp(-((bone[inside] / 1.6) ** 2))
    view[inside] += (0.5 - bone[inside] / spacing).clip(0, 1) * (value - view[inside])
