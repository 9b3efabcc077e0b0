"""Emphysema boxes: 32 mm cubes where an annotator would click, on part of the cohort."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from drasclr_core.cohort.annotations import BOX_MM, SUBTYPES
from drasclr_core.imaging.affine import transform

ANNOTATED_SHARE = 0.7
MISSED_SHARE, BESIDE_SHARE, MISTAKEN_SHARE = 0.15, 0.10, 0.05
"""Annotators overlook a subtype of 15 % of the subjects who have little of it, click 6 to 14 mm beside the place in
10 % of the boxes, and put 5 % of them on what only looks like emphysema."""

_STREAM = 9001
_APART_MM = 26.0
_JITTER_MM = 2.5
_LEAST_SHARE = 0.015
_LITTLE = 0.01
_MOST_PER_SUBTYPE = 4


def is_annotated(index: int, seed: int) -> bool:
    """Returns whether subject `index` is one of the about 70 % that an annotator looked at."""
    return np.random.default_rng(np.random.SeedSequence((seed, index, _STREAM))).random() < ANNOTATED_SHARE


def click_boxes(truth: dict[str, np.ndarray], affine: np.ndarray, sid: str, index: int, seed: int) -> list[dict]:
    """Returns boxes of one subject, as an annotator would set them.

    A click lands where a 32 mm cube holds some of one subtype (1.5 % of the cube or more) and at least twice as much of
    it as of the other, mild places as well as bad ones (drawn by the root of the share), and within a few millimetres
    of where it was aimed. Annotators err at the rates stated above. Where a subject has too little there is no box.

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
    alike = ndimage.uniform_filter(truth["lookalike"][cut].astype(np.float32), side, mode="constant")
    offset, rows = [axis.start for axis in cut], []
    for name, share in shares.items():
        here = share[tuple(lattice.T)]
        others = sum((other[tuple(lattice.T)] for n, other in shares.items() if n != name), np.zeros_like(here))
        overlooked = rng.random() < MISSED_SHARE and truth[name].sum() < _LITTLE * lungs.sum()
        clear = (here > _LEAST_SHARE) & (here > 2 * others) & (not overlooked)
        centres = transform(affine, lattice[clear] + offset)
        for centre in _apart(centres, np.sqrt(here[clear]), rng):
            spot = centre + _JITTER_MM * rng.standard_normal(3) + _beside(rng)
            mistaken = alike[tuple(lattice.T)]
            if rng.random() < MISTAKEN_SHARE and mistaken.max(initial=0) > _LEAST_SHARE:
                spot = transform(affine, lattice[mistaken.argmax()] + offset) + _JITTER_MM * rng.standard_normal(3)
            rows.append({"sid": sid, **dict(zip("xyz", spot.tolist(), strict=True)), "subtype": name})
    return rows


def _beside(rng: np.random.Generator) -> np.ndarray:
    """How far a click misses its place, mm [3]; 0 in most clicks."""
    away = rng.standard_normal(3)
    missed = rng.uniform(6, 14) * (rng.random() < BESIDE_SHARE)
    return missed * away / np.linalg.norm(away)


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
