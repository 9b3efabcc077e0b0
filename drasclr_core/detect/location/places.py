"""Boxes at another place than theirs: what an encoder is told in the experiment of the paper's Section 4.4.2."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.detect.boxes.patches import BoxPatches
from drasclr_core.imaging.affine import transform

TRIES = 64
"""Directions that are drawn for a shift, of which the first is taken that ends in the lungs."""


def random_locations(patches: BoxPatches, atlas: Atlas, seed: int = 0) -> np.ndarray:
    """Returns a place for each box, float32 [N, 3] in [-1, 1], drawn evenly from the atlas's lungs (Table 7)."""
    rng = np.random.default_rng([seed, 0])
    voxels = np.argwhere(atlas.lungs > 0)
    drawn = voxels[rng.integers(len(voxels), size=len(patches))] + rng.uniform(-0.5, 0.5, (len(patches), 3))
    return atlas.scale(transform(atlas.affine, drawn).clip(*atlas.box))


def shifted_locations(patches: BoxPatches, atlas: Atlas, distance_mm: float, seed: int = 0) -> np.ndarray:
    """Returns the boxes' places moved by a distance in a random direction, float32 [N, 3] in [-1, 1].

    Of `TRIES` directions the first is taken that ends in the atlas's lungs; where none does, the last. The same seed
    draws the same directions for every distance.
    """
    rng = np.random.default_rng([seed, 1])
    directions = rng.standard_normal((len(patches), TRIES, 3))
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    low, high = atlas.box
    own = (patches.clipped() + 1) / 2 * (high - low) + low
    points = own[:, None] + distance_mm * directions
    voxels = transform(np.linalg.inv(atlas.affine), points)
    inside = map_coordinates((atlas.lungs > 0).astype(np.uint8), voxels.reshape(-1, 3).T, order=0).reshape(len(own), -1)
    inside[:, -1] = 1
    return atlas.scale(points[np.arange(len(own)), inside.argmax(axis=1)].clip(low, high))


def mirrored_locations(patches: BoxPatches) -> np.ndarray:
    """Returns the boxes' places in the other lung, float32 [N, 3]: the sign of the first coordinate is turned."""
    return patches.clipped() * np.array([-1, 1, 1], np.float32)
