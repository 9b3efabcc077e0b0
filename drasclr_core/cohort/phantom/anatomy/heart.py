"""The heart's chambers and the great vessels as labels: same density without contrast, told apart in the truth."""

from __future__ import annotations

import numpy as np

from drasclr_core.cohort.phantom.anatomy import body

ORGANS = ("left ventricle", "right ventricle", "left atrium", "right atrium", "aorta", "pulmonary artery", "vena cava")
"""Label k + 1 is ``ORGANS[k]``; 0 is none of them."""
_OF_VESSEL = (5, 5, 5, 5, 7, 6, 5, 7)  # label of each of `body.GREAT_VESSELS`


def label_organs(organ: np.ndarray, canonical, build: body.Build) -> np.ndarray:
    """Returns the label of each point inside the organs, uint8 [N]; 0 outside.

    A point belongs to the nearest of the shapes that the heart is made of. Ventricles are parted by a plane through the
    heart's long axis, the left one behind and to the left; atria lie behind and to the right of them.

    Parameters
    ----------
    organ : float [N]
        Distance to the organs, mm, negative inside.
    canonical : three float arrays [N]
        Canonical coordinates, mm (see `body`).
    """
    x, y, z = canonical
    s, left = build.heart, build.heart_shift
    ventricles, atria, outflow = body.heart_parts(x, y, z, build)
    septum = 0.62 * (x + 20 + left) + 0.78 * (y - 34)
    ventricle = np.where(septum < 0, 1, 2)
    atrium = np.where(0.5 * (x - 16) + (y - 14) < 0, 3, 4)
    trunk = np.where(x + 0.3 * (y - 18) < -4 * s, 6, 5)
    shapes = np.stack([ventricles, atria, outflow, *body.great_vessels(x, y, z)])
    labels = np.stack([ventricle, atrium, trunk, *(np.full(len(x), label) for label in _OF_VESSEL)])
    nearest = np.take_along_axis(labels, shapes.argmin(0)[None], 0)[0]
    return np.where(organ < 0, nearest, 0).astype(np.uint8)
