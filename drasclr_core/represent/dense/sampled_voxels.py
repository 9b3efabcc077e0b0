"""Voxels at which interpolated features are compared with exact ones."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from drasclr_core.represent.dense.lattice import Lattice


class SampledVoxels:
    """Random lung voxels, and the features of the points round them as they come by.

    Parameters
    ----------
    count, seed : int
        How many voxels (at most all), and which.
    """

    def __init__(self, lattice: Lattice, count: int, seed: int, rep_dim: int):
        lungs = np.flatnonzero(lattice.lungs)
        count = min(count, len(lungs))
        self.voxels = np.sort(np.random.default_rng(seed).choice(lungs, count, replace=False))
        neighbours, self.weights = lattice.neighbours(self.voxels)
        self.points, inverse = np.unique(neighbours, return_inverse=True)
        self.corners = inverse.reshape(neighbours.shape)
        self.features = np.full((len(self.points), rep_dim), np.nan, dtype=np.float32)

    def listen(self, ids: np.ndarray, features: Tensor) -> None:
        """Keeps those of the features [N, C] of voxels [N] that interpolation at these voxels needs."""
        wanted = np.isin(ids, self.points)
        if wanted.any():
            chosen = features[np.flatnonzero(wanted)]
            self.features[np.searchsorted(self.points, ids[wanted])] = chosen.float().cpu().numpy()

    def interpolated(self) -> np.ndarray:
        """Returns features [N, C] at the voxels, trilinear between the points."""
        return np.einsum("np,npc->nc", self.weights, self.features[self.corners])
