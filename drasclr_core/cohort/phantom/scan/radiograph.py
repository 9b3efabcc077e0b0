"""A chest radiograph of the same subject: X-rays through the CT by the law of Beer and Lambert."""

from __future__ import annotations

import numpy as np

from drasclr_core.imaging.constants import AIR
from drasclr_core.imaging.volume import Volume

WATER_PER_CM = 0.20
"""Attenuation of water at an effective energy of about 65 keV, 1/cm (NIST XCOM: 0.206 at 60, 0.193 at 70 keV)."""


def radiograph(volume: Volume, axis: int = 1) -> np.ndarray:
    """Returns the share of X-rays that pass, by parallel beams along one axis of a scan.

    I / I0 = exp(-sum mu dl) with mu = 0.20 (1 + HU / 1000) per cm, at least 0 (Beer and Lambert). There is no scatter,
    no divergence of the beam and one energy.

    Parameters
    ----------
    volume : Volume
        HU, RAS+.
    axis : int
        0 lateral, 1 from back to front (posteroanterior).

    Returns
    -------
    float32 [rows, columns], 0 to 1
        As radiologists hang it: head on top; in the posteroanterior view the subject's right is on the left side.
    """
    per_cm = WATER_PER_CM * (volume.array - AIR).clip(0) / -AIR
    passed = np.exp(-per_cm.sum(axis=axis, dtype=np.float64) * volume.spacing[axis] / 10)
    return passed.T[::-1, ::-1].astype(np.float32)


def film(passed: np.ndarray) -> np.ndarray:
    """Returns a `radiograph` as brightness 0 (black, much passed) to 1, by the logarithm as a detector shows it."""
    dense = -np.log(passed.clip(1e-6))
    low, high = np.quantile(dense[passed < 0.98], (0.02, 0.995)) if (passed < 0.98).any() else (0.0, 1.0)
    return ((dense - low) / max(high - low, 1e-6)).clip(0, 1).astype(np.float32)
