"""A chest radiograph of the same subject: X-rays through the CT by the law of Beer and Lambert."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from drasclr_core.imaging.constants import AIR
from drasclr_core.imaging.volume import Volume

WATER_PER_CM = 0.20
"""Attenuation of water at an effective energy of about 65 keV, 1/cm (NIST XCOM: 0.206 at 60, 0.193 at 70 keV)."""


def radiograph(volume: Volume, degrees: float = 0.0) -> np.ndarray:
    """Returns the share of X-rays that pass, by parallel beams across the body.

    I / I0 = exp(-sum mu dl) with mu = 0.20 (1 + HU / 1000) per cm, at least 0 (Beer and Lambert). There is no scatter,
    no divergence of the beam and one energy. Each voxel's attenuation goes to the two pixels that its centre lies
    between, in proportion: the sum over the picture is that over the scan, at every angle.

    Parameters
    ----------
    volume : Volume
        HU, RAS+, cubic voxels; a pixel has their size.
    degrees : float
        Turn of the subject round the long axis: 0 from back to front (posteroanterior), 90 lateral.

    Returns
    -------
    float32 [rows, columns], 0 to 1
        As radiologists hang it: head on top; in the posteroanterior view the subject's right is on the left side.
    """
    width, depth, height = volume.array.shape
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    x, y = np.ix_(np.arange(width) - (width - 1) / 2, np.arange(depth) - (depth - 1) / 2)
    pixels = max(round(width * abs(cos) + depth * abs(sin)), 2)
    place = (x * cos + y * sin + (pixels - 1) / 2).clip(0, pixels - 1).ravel()
    low = np.minimum(place.astype(int), pixels - 2)
    share = np.concatenate([1 - (place - low), place - low]).astype(np.float32)
    voxels = np.tile(np.arange(width * depth), 2)
    beams = sparse.csr_matrix((share, (np.concatenate([low, low + 1]), voxels)), shape=(pixels, width * depth))
    per_cm = WATER_PER_CM * (volume.array.reshape(width * depth, height) - AIR).clip(0) / -AIR
    passed = np.exp(-(beams @ per_cm) * volume.spacing[0] / 10)
    return passed.T[::-1, ::-1].astype(np.float32)


def film(passed: np.ndarray) -> np.ndarray:
    """Returns a `radiograph` as brightness 0 (black, much passed) to 1, by the logarithm as a detector shows it."""
    dense = -np.log(passed.clip(1e-6))
    low, high = np.quantile(dense[passed < 0.98], (0.02, 0.995)) if (passed < 0.98).any() else (0.0, 1.0)
    return ((dense - low) / max(high - low, 1e-6)).clip(0, 1).astype(np.float32)
