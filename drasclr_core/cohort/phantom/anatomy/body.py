"""The chest without the lungs' content: rib cage, mediastinum, diaphragm, body outline, in a canonical subject.

Canonical coordinates are in mm: x to the subject's right with 0 on the midline, y to the front with 0 half way through
the rib cage, z up with 0 at the lowest recess of the lungs and 268 at their tops. Profiles were read off the authors'
atlas lung mask (293 x 221 x 274 mm) and adult CT. Shapes are distance-like fields, negative inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from drasclr_core.cohort.phantom.grid import smooth_min

APEX, SPINE_Y, SPINE_HALF = 268.0, -76.0, (21.0, 16.0)

_Z = [-80, 0, 60, 90, 120, 160, 190, 215, 235, 250, 260, 268]
_HALF_WIDTH = [130, 138, 146, 145, 141, 132, 121, 107, 92, 78, 66, 50]
_FRONT = [92, 100, 106, 108, 103, 84, 63, 40, 18, -3, -17, -32]
_BACK = [-78, -90, -103, -107, -109, -107, -100, -90, -77, -63, -51, -37]
_APEX_X = [0, 0, 0, 0, 0, 2, 10, 22, 33, 41, 45, 48]
_APEX_MEDIAL = [120, 120, 120, 120, 120, 100, 70, 48, 34, 24, 15, 2]
_SKIN_FRONT = [118, 118, 120, 121, 119, 108, 94, 78, 66, 58, 54, 50]
_SKIN_HALF_WIDTH = [158, 160, 164, 165, 166, 170, 174, 178, 180, 178, 174, 170]
SKIN_BACK = -140.0


def profile(values: list[float], z: np.ndarray) -> np.ndarray:
    """Returns a smooth curve through `values` at the profile heights, at canonical `z` (held above the apex)."""
    return _look_up(PchipInterpolator(_Z, values), _Z[0], _Z[-1], z)


def _look_up(curve, low: float, high: float, at: np.ndarray, step: float = 0.1) -> np.ndarray:
    """`curve` evaluated in steps of 0.1 mm, held constant outside its ends: quicker than interpolating every point."""
    table = curve(np.arange(low, high + step, step)).astype(np.float32)
    return table.take(((at - low) * (1 / step)).astype(np.int32), mode="clip")


def front(z: np.ndarray) -> np.ndarray:
    """Returns the canonical y of the front of the rib cage at height `z`."""
    return profile(_FRONT, z)


def _superellipse(x, y, a, b, power: float) -> np.ndarray:
    """Radial distance in mm to the superellipse with half axes a, b (negative inside)."""
    norm = ((np.abs(x) / a) ** power + (np.abs(y) / b) ** power) ** np.float32(1 / power)
    return np.hypot(x, y) * (1 - 1 / norm.clip(1e-3))


def ellipsoid(x, y, z, centre, radii) -> np.ndarray:
    """Returns the approximate distance to an ellipsoid (negative inside)."""
    norm = np.sqrt(sum(((c - m) / r) ** 2 for c, m, r in zip((x, y, z), centre, radii, strict=True)))
    return (norm - 1) * np.float32(min(radii))


def capsule(x, y, z, start, end, radius: float) -> np.ndarray:
    """Returns the distance to a tube of `radius` between two points (negative inside)."""
    start, step = np.asarray(start, np.float32), np.subtract(end, start).astype(np.float32)
    along = ((x - start[0]) * step[0] + (y - start[1]) * step[1] + (z - start[2]) * step[2]) / (step @ step)
    along = along.clip(0, 1)
    return np.sqrt(sum((c - s - along * d) ** 2 for c, s, d in zip((x, y, z), start, step, strict=True))) - radius


@dataclass(frozen=True)
class Build:
    """What differs between two bodies besides the affine: sizes in mm, canonical."""

    heart: float
    heart_shift: float
    dome: tuple[float, float]
    fat: float
    mediastinum: float
    gas_bubble: float

    @classmethod
    def draw(cls, rng: np.random.Generator, bmi: float) -> Build:
        """Returns a random build: heart and diaphragm vary, fat grows with the body-mass index."""
        right = 74 + 7 * rng.standard_normal()
        return cls(
            heart=1 + 0.07 * rng.standard_normal(),
            heart_shift=5 * rng.standard_normal(),
            dome=(right, right - 12 + 5 * rng.standard_normal()),
            fat=float(np.clip(0.95 * (bmi - 16) + 2 * rng.standard_normal(), 3, 36)),
            mediastinum=3 * rng.standard_normal() + 0.25 * (bmi - 27),
            gas_bubble=float(rng.uniform(0, 34)),
        )


def cage(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Returns the inside of the rib cage, with one rounded top for each lung."""
    apex_x, back, fore = profile(_APEX_X, z), profile(_BACK, z), profile(_FRONT, z)
    side = np.abs(x) - apex_x
    half = np.where(side > 0, profile(_HALF_WIDTH, z) - apex_x, profile(_APEX_MEDIAL, z))
    field = _superellipse(side, y - (fore + back) / 2, half, (fore - back) / 2, 2.25)
    return np.where(z > APEX, np.maximum(field, z - APEX), field)


def diaphragm(x: np.ndarray, y: np.ndarray, z: np.ndarray, build: Build) -> np.ndarray:
    """Returns a field that is positive under the diaphragm's domes, with deep recesses behind and at the sides."""
    height = np.where(x > 0, *(np.float32(h) for h in build.dome))
    across = (np.abs(x) - 66) / 74
    height -= np.where(across > 0, 42, 16) * across**2
    behind = (12 - y) / 100
    height -= np.where(behind > 0, 60, 16) * behind**2
    return (height - z) * np.float32(0.85)


GREAT_VESSELS = (
    ((12, 26, 110), (8, 22, 168), 16),
    ((8, 22, 168), (-14, -8, 190), 15),
    ((-14, -8, 190), (-30, -52, 176), 13),
    ((-30, -52, 176), (-22, -50, -40), 12.5),
    ((26, 10, 100), (24, 0, 235), 9),
    ((-6, 22, 140), (-34, 0, 152), 14),
    ((-14, 4, 190), (-24, -12, 262), 7),
    ((4, 14, 185), (30, -6, 255), 8),
)
"""Start, end (canonical mm) and radius: ascending aorta, arch (2), descending aorta, superior vena cava, left pulmonary
artery, left subclavian artery, right brachiocephalic vein."""


def heart_parts(x, y, z, build: Build) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the distances to ventricles, atria and outflow tract."""
    s, left = build.heart, build.heart_shift
    return (
        ellipsoid(x + 0.35 * (y - 30), y, z + 0.25 * x, (-20 - left, 34, 70), (64 * s, 50 * s, 54 * s)),
        ellipsoid(x, y, z, (16, 14, 96), (36 * s, 40 * s, 46 * s)),
        ellipsoid(x, y, z, (-2, 18, 128), (34 * s, 30 * s, 38 * s)),
    )


def great_vessels(x, y, z) -> list[np.ndarray]:
    """Returns the distance to each of the `GREAT_VESSELS`."""
    return [capsule(x, y, z, start, end, radius) for start, end, radius in GREAT_VESSELS]


def organs(x: np.ndarray, y: np.ndarray, z: np.ndarray, build: Build) -> np.ndarray:
    """Returns the heart and great vessels."""
    ventricles, atria, outflow = heart_parts(x, y, z, build)
    field = smooth_min(smooth_min(ventricles, atria, 12), outflow, 18)
    for vessel in great_vessels(x, y, z):
        field = smooth_min(field, vessel, 6)
    return field


def mediastinum(x: np.ndarray, y: np.ndarray, z: np.ndarray, build: Build, organ: np.ndarray) -> np.ndarray:
    """Returns what parts the lungs: organs, spine, hila and the tissue between; concave where the lungs touch it."""
    septum = PchipInterpolator([-130, -90, -60, -15, 25, 60, 85, 120], [17, 20, 21, 16, 12, 6, 4, 4])
    widening = (z - 150).clip(0) * np.float32(0.08) * (y < 40)
    field = np.abs(x) - _look_up(septum, -130, 120, y) - widening - np.float32(0.4 * build.mediastinum)
    spine = _superellipse(x, y - SPINE_Y, SPINE_HALF[0] + 6, SPINE_HALF[1] + 6, 2)
    field = smooth_min(field, spine, 10)
    field = smooth_min(field, organ - 3 - np.float32(max(build.mediastinum, 0)), 10)
    for x_hilum in (36, -40):
        field = smooth_min(field, ellipsoid(x, y, z, (x_hilum, -12, 142), (14, 17, 22)), 14)
    return field


def skin(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Returns the inside of the body without its fat layer (arms are raised, out of the field of view)."""
    fore = profile(_SKIN_FRONT, z)
    return _superellipse(x, y - (fore + SKIN_BACK) / 2, profile(_SKIN_HALF_WIDTH, z), (fore - SKIN_BACK) / 2, 2.5)
