"""Signs in the anatomy itself of which way a chest lies, to notice a header that names its axes wrongly.

A header with a wrong sign gives lungs that look healthy, and landmarks in the other lung. The signs here are as old as
the chest radiograph: the heart is left and the liver right, the spine behind, the windpipe on top. Each becomes one
number: positive as usual, negative where the scan seems turned, near 0 where there is nothing to tell it by.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from drasclr_core.imaging.volume import Volume

LATTICE_MM = 3.0
"""The signs are counted on a lattice this fine, mm."""
HEART = (0.2, 0.6)
"""The heart lies between these fractions of the lungs' height, from below."""
HEART_MM = 10.0
"""How far left of the chest's middle the heart typically lies, mm: the unit of its sign."""
LIVER_SHARE = 0.1
"""How much more soft tissue there typically is below the right lung than below the left one, where fat and gas of the
stomach and bowel lie: the unit of the liver's sign."""
ORGAN_HU = 20.0
"""Liver and spleen are denser than this, HU; fluid, fat and gas are not."""
BELOW_MM = (6.0, 15.0)
"""Tissue below a lung is looked at from 6 mm under its surface to 15 mm under the lungs' lowest point."""
LEAST_BELOW_L = 0.2
"""With less to be seen below either lung the liver does not count: where bases are cut, it is chance."""
BONE_HU = 200.0
"""Bone is denser, HU; so is blood with contrast agent, which is why only the outer parts of the chest are looked at."""
OUTER = 0.2
"""Bone is looked for behind and in front of the lungs, and inside them to this part of their depth."""
LEAST_BONE_CM3 = 20.0
LUMEN_HU = -900.0
"""Air in the windpipe is darker, HU."""
LEAST_LUMEN_CM3 = 2.0


def measure_orientation(volume: Volume, lungs: np.ndarray) -> dict[str, float]:
    """Returns signs of the scan's three directions; `lungs` are uint8 [x, y, z], 1 right, 2 left.

    They are called ``right_left`` (heart and liver), ``front_back`` (spine) and ``head_foot`` (windpipe); the last two
    lie between -1 and 1. There are none where a lung is missing.
    """
    steps = coarse_voxels(volume)
    lungs = lungs[steps]
    if not ((lungs == 1).any() and (lungs == 2).any()):
        return {}
    array = volume.array[steps]
    sizes = np.array(volume.spacing) * [step.step for step in steps]
    box = [np.flatnonzero((lungs > 0).any(axis=axes))[[0, -1]] for axes in ((1, 2), (0, 2), (0, 1))]
    heart, liver = _heart_mm(lungs, box, sizes) / HEART_MM, _liver(array, lungs, box, sizes) / LIVER_SHARE
    return {
        "right_left": float(heart + liver),
        "front_back": _spine(array, box, sizes),
        "head_foot": _windpipe(array, lungs, box, sizes),
    }


def coarse_voxels(volume: Volume) -> tuple[slice, slice, slice]:
    """Returns the part of a volume's voxels that lie about `LATTICE_MM` apart."""
    return tuple(slice(None, None, max(1, round(LATTICE_MM / size))) for size in volume.spacing)


def _heart_mm(lungs: np.ndarray, box: list, sizes: np.ndarray) -> float:
    """Returns how far left of the chest's middle the space between the lungs lies, mm; wide parts of it count more."""
    low, high = (box[2][0] + part * (box[2][1] - box[2][0]) for part in HEART)
    part = lungs[:, :, int(low) : int(high) + 1]
    right, left = part == 1, part == 2
    both = right.any(axis=0) & left.any(axis=0)
    inner_right, inner_left = right.argmax(axis=0), len(part) - 1 - left[::-1].argmax(axis=0)
    # Slice by slice, between the lungs' outermost points.
    columns = (part > 0).any(axis=1)
    middle = (columns.argmax(axis=0) + len(part) - 1 - columns[::-1].argmax(axis=0)) / 2
    width = np.where(both, np.maximum(inner_right - inner_left, 0), 0)
    shift = middle - (inner_right + inner_left) / 2
    return float((width * shift).sum() / max(width.sum(), 1) * sizes[0])


def _liver(array: np.ndarray, lungs: np.ndarray, box: list, sizes: np.ndarray) -> float:
    """Returns the share of dense tissue below the right lung minus that below the left; 0 where little is seen."""
    foot = max(0, box[2][0] - round(BELOW_MM[1] / sizes[2]))
    heights = np.arange(foot, box[2][1] + 1)
    smooth = ndimage.gaussian_filter(np.clip(array[:, :, foot : box[2][1] + 1], -300, 200), 1.0)
    shares = []
    for side in (1, 2):
        lung = lungs == side
        footprint = ndimage.binary_erosion(lung.any(axis=2), iterations=round(12 / sizes[0]))
        surface = lung.argmax(axis=2)[..., None] - BELOW_MM[0] / sizes[2]
        below = smooth[footprint[..., None] & (heights < surface)]
        shares.append((below > ORGAN_HU).mean() if below.size * sizes.prod() / 1e6 > LEAST_BELOW_L else np.nan)
    difference = shares[0] - shares[1]
    return 0.0 if np.isnan(difference) else float(difference)


def _spine(array: np.ndarray, box: list, sizes: np.ndarray) -> float:
    """Returns the bone behind and in front, near the midline: (behind - in front) / both."""
    third, reach = (box[0][1] - box[0][0]) // 3, round(OUTER * (box[1][1] - box[1][0]))
    bone = array[box[0][0] + third : box[0][1] - third + 1, :, box[2][0] : box[2][1] + 1] > BONE_HU
    behind, before = bone[:, : box[1][0] + reach].sum(), bone[:, box[1][1] - reach :].sum()
    return _balance(behind, before, LEAST_BONE_CM3 * 1000 / sizes.prod())


def _windpipe(array: np.ndarray, lungs: np.ndarray, box: list, sizes: np.ndarray) -> float:
    """Returns the air between the lungs, not theirs, in their upper and their lower 30 %: (above - below) / both."""
    (left, right), (back, front), (low, high) = box
    reach, part, rim = round(0.38 * (right - left)), round(0.3 * (high - low)), round(0.15 * (front - back))
    chest = (slice(left + reach, right - reach + 1), slice(back + rim, front - rim + 1))
    lumen = (array[chest] < LUMEN_HU) & (lungs[chest] == 0)
    above, below = lumen[:, :, high - part : high + 1].sum(), lumen[:, :, low : low + part + 1].sum()
    return _balance(above, below, LEAST_LUMEN_CM3 * 1000 / sizes.prod())


def _balance(usual: int, other: int, least: float) -> float:
    """Returns 1 (all where it usually is) to -1 (all on the other side); pulled to 0 where there is little in all."""
    return float((usual - other) / (usual + other + least))
