"""Lung nodules of phantoms and the candidates for them: bright blobs, of which most are vessels that look alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import ndimage

from drasclr_core.imaging.affine import transform
from drasclr_core.imaging.masks import bounding_box
from drasclr_core.imaging.volume import Volume

SCALES_MM = (1.5, 3.0, 5.0)
"""Standard deviations of the blobs that are looked for, mm: balls of 5 to 17 mm."""
LUNG_HU, SOLID_HU = -850.0, 50.0
"""Brightness counts between these; what is not lung is taken for lung, so that the pleura is no edge."""
APART_MM = 5.0
"""Candidates are the brightest blob within this distance."""
LEAST = 0.06
"""Of a blob's contrast, as a share of that between lung and tissue; less is texture."""


def true_nodules(truth: dict[str, np.ndarray], affine: np.ndarray) -> pd.DataFrame:
    """Returns ``x, y, z`` (centre, RAS mm) and ``diameter_mm`` (of the ball of that volume) of a phantom's nodules.

    Nodules that touch are one. Nodules of less than a voxel have no mask and are not there.

    Parameters
    ----------
    truth : dict of arrays [x, y, z]
        With ``nodule_solid`` and ``nodule_ground_glass`` (see `phantom.load_truth`).
    affine : float64 [4, 4]
        From voxel indices to RAS mm.
    """
    mask = truth["nodule_solid"] | truth["nodule_ground_glass"]
    pieces, count = ndimage.label(mask, np.ones((3, 3, 3)))
    if not count:
        return pd.DataFrame(columns=["x", "y", "z", "diameter_mm"], dtype=float)
    centres = transform(affine, np.array(ndimage.center_of_mass(mask, pieces, range(1, count + 1))))
    volume = np.bincount(pieces.ravel())[1:] * abs(np.linalg.det(affine[:3, :3]))
    return pd.DataFrame(centres, columns=["x", "y", "z"]).assign(diameter_mm=np.cbrt(6 * volume / np.pi))


def blobs(volume: Volume, lungs: np.ndarray, most: int = 80) -> pd.DataFrame:
    """Returns bright blobs in the lungs, the strongest first: ``x, y, z`` (RAS mm) and ``strength``.

    Peaks of the scale-normalised Laplacian of Gaussian (Lindeberg, IJCV 1998) over `SCALES_MM`. It knows no nodules:
    branching vessels, vessels seen end-on and scars are among them, as among the candidates of LUNA16.

    Parameters
    ----------
    volume : Volume
        HU, RAS+, cubic voxels.
    lungs : [x, y, z]
        Not 0 in the lungs, on the grid of the scan.
    most : int
        So many are kept.
    """
    spacing, box = volume.spacing[0], bounding_box(lungs, 3)
    inside = lungs[box] > 0
    bright = np.where(inside, volume.array[box].clip(LUNG_HU, SOLID_HU), LUNG_HU).astype(np.float32)
    bright = (bright - LUNG_HU) / (SOLID_HU - LUNG_HU)
    strength = np.full(bright.shape, -np.inf, np.float32)
    for scale in SCALES_MM:
        sigma = scale / spacing
        np.maximum(strength, -(sigma**2) * ndimage.gaussian_laplace(bright, sigma, truncate=3.0), out=strength)
    reach = 2 * max(round(APART_MM / spacing / 2), 1) + 1
    peaks = inside & (strength >= LEAST) & (strength == ndimage.maximum_filter(strength, reach))
    places = np.argwhere(peaks)
    found = pd.DataFrame(places + [side.start or 0 for side in box], columns=["x", "y", "z"], dtype=float)
    found[["x", "y", "z"]] = transform(volume.affine, found.to_numpy())
    found["strength"] = strength[peaks]
    return found.sort_values("strength", ascending=False, ignore_index=True).head(most)


def cubes_at(volume: Volume, places: np.ndarray, size: int) -> np.ndarray:
    """Returns the cubes round places [N, 3] (RAS mm), int16 HU [N, size, size, size]; outside the scan is air."""
    middle = np.rint(transform(np.linalg.inv(volume.affine), places)).astype(int)
    padded = np.pad(np.rint(volume.array).astype(np.int16), size, constant_values=-1000)
    starts = (middle - size // 2 + size).clip(0, np.array(padded.shape) - size)
    views = np.lib.stride_tricks.sliding_window_view(padded, (size,) * 3)
    return np.ascontiguousarray(views[tuple(starts.T)])
