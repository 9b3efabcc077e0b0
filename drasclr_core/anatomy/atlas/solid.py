"""Lungs as a solid on a coarse grid, which is what the fast registration compares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from drasclr_core.imaging.affine import affine_matrix, transform
from drasclr_core.imaging.masks import dice
from drasclr_core.imaging.volume import load_mask

VOXEL = 4.0
"""Voxel size in mm. A voxel holds the share of it that is lung, so surfaces are known far better than to a voxel."""
MARGIN = 8
"""Empty voxels round the lungs."""


@dataclass(frozen=True)
class Solid:
    """Lungs on a coarse grid: `share` float32 [x, y, z] of each voxel that is lung, `affine` [4, 4] to RAS mm."""

    share: np.ndarray
    affine: np.ndarray

    @classmethod
    def read(cls, path: str | Path) -> Solid:
        """Returns the block means of a mask, to voxels of about `VOXEL`, with an empty margin."""
        mask, affine = load_mask(path)
        box = [np.flatnonzero((mask > 0).any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
        if not box[0].size:
            raise ValueError(f"{Path(path).name} is empty: no lungs to align.")
        low, high = np.array([(indices[0], indices[-1] + 1) for indices in box]).T
        block = np.maximum(1, np.rint(VOXEL / np.linalg.norm(affine[:3, :3], axis=0))).astype(int)
        lungs = mask[tuple(map(slice, low, high))] > 0
        lungs = np.pad(lungs, [(0, -length % edge) for length, edge in zip(lungs.shape, block, strict=True)])
        coarse = np.array(lungs.shape) // block
        share = lungs.reshape(np.stack([coarse, block], axis=1).ravel()).mean(axis=(1, 3, 5), dtype=np.float32)
        first = low + (block - 1) / 2 - MARGIN * block  # centre of the first coarse voxel, in fine voxels
        return cls(np.pad(share, MARGIN), affine @ affine_matrix(np.diag(block), first))

    def blurred(self, blur: float) -> Solid:
        """Returns the same with soft edges; `blur` in mm."""
        sigma = blur / np.linalg.norm(self.affine[:3, :3], axis=0)
        return Solid(gaussian_filter(self.share, sigma), self.affine)

    def points(self, where: np.ndarray) -> np.ndarray:
        """Returns the RAS mm [N, 3] of the voxels in `where`."""
        return transform(self.affine, np.argwhere(where))

    def at(self, points: np.ndarray) -> np.ndarray:
        """Returns the share [N] at RAS points [N, 3]; 0 outside the grid."""
        voxels = transform(np.linalg.inv(self.affine), points)
        return map_coordinates(self.share, voxels.T, order=1, mode="constant")

    def warped(self, matrix: np.ndarray, grid: Solid) -> Solid:
        """Returns this subject seen from the atlas `grid` through `matrix` [4, 4], atlas to subject."""
        points = transform(matrix, grid.points(np.ones(grid.share.shape, bool)))
        return Solid(self.at(points).reshape(grid.share.shape), grid.affine)

    def dice(self, other: Solid) -> float:
        """Returns the overlap with a solid on the same grid, 2 |A and B| / (|A| + |B|)."""
        return dice(self.share > 0.5, other.share > 0.5)

    def gradient(self) -> list[Solid]:
        """Returns the derivatives along the RAS axes, per mm."""
        by_voxel = np.stack(np.gradient(self.share), axis=-1) @ np.linalg.inv(self.affine[:3, :3])
        return [Solid(by_voxel[..., axis], self.affine) for axis in range(3)]

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the centre of mass [3] in RAS mm and covariance [3, 3]."""
        lungs = self.share > 0
        points, weights = self.points(lungs), self.share[lungs]
        return np.average(points, axis=0, weights=weights), np.cov(points.T, aweights=weights)
