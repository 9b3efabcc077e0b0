"""Emphysema boxes: 32 mm cubes where an annotator would click, on part of the cohort."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from drasclr_core.cohort.annotations import BOX_MM, SUBTYPES
from drasclr_core.imaging.affine import transform

ANNOTATED_SHARE = 0.7

_STREAM = 9001
_APART_MM = 26.0
_JITTER_MM = 2.5
_LEAST_SHARE = 0.04
_MOST_PER_SUBTYPE = 4


def is_annotated(index: int, seed: int) -> bool:
    """Returns whether subject `index` is one of the about 70 % that an annotator looked at."""
    return np.random.default_rng(np.random.SeedSequence((seed, index, _STREAM))).random() < ANNOTATED_SHARE


def click_boxes(truth: dict[str, np.ndarray], affine: np.ndarray, sid: str, index: int, seed: int) -> list[dict]:
    """Returns boxes of one subject, as an annotator would set them.

    A click lands where a 32 mm cube holds much of one subtype and at least twice as much of it as of the other, and
    within a few millimetres of where it was aimed. Where a subject has too little of a subtype there is no box of it.

    Parameters
    ----------
    truth : dict of arrays [x, y, z]
        Masks as in ``Phantom.truth``.
    affine : float [4, 4]
        Voxels to RAS mm (equal spacing along the axes).
    sid : str
    index, seed : int
        Choose the random numbers.

    Returns
    -------
    list of dict
        ``sid, x, y, z, subtype``; the centre in RAS mm.
    """
    rng = np.random.default_rng(np.random.SeedSequence((seed, index, _STREAM, 1)))
    lungs = truth["lungs"] > 0
    cut = ndimage.find_objects(lungs.astype(np.uint8))[0]
    spacing = float(affine[0, 0])
    present = {name: truth[name][cut] for name in SUBTYPES}
    side = round(BOX_MM / spacing)
    shares = {
        name: ndimage.uniform_filter(mask.astype(np.float32), side, mode="constant") for name, mask in present.items()
    }
    lattice = np.argwhere(lungs[cut])
    lattice = lattice[(lattice % max(round(8 / spacing), 1) == 0).all(1)]
    rows = []
    for name, share in shares.items():
        here = share[tuple(lattice.T)]
        others = sum((other[tuple(lattice.T)] for n, other in shares.items() if n != name), np.zeros_like(here))
        rich = (here > max(_LEAST_SHARE, 0.45 * here.max(initial=0))) & (here > 2 * others)
        offset = [axis.start for axis in cut]
        centres = transform(affine, lattice[rich] + offset)
        for centre in _apart(centres, here[rich], rng):
            x, y, z = centre + _JITTER_MM * rng.standard_normal(3)
            rows.append({"sid": sid, "x": float(x), "y": float(y), "z": float(z), "subtype": name})
    return rows


def _apart(centres: np.ndarray, weight: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """A few of the `centres`, drawn by `weight`, none nearer than `_APART_MM` to another."""
    chosen = []
    wanted = rng.integers(2, _MOST_PER_SUBTYPE + 1)
    while len(centres) and len(chosen) < wanted:
        pick = centres[rng.choice(len(centres), p=weight / weight.sum())]
        far = np.abs(centres - pick).max(1) > _APART_MM
        centres, weight = centres[far], weight[far]
        chosen.append(pick)
    return chosen
