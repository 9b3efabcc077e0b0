"""One scan's features on a coronal slice of the lungs: a map for a picture, at a small part of the lungs' cost."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.imaging.affine import transform
from drasclr_core.model.encoder import Encoder
from drasclr_core.represent.dense import DenseOptions, dense_features


class SliceFeatures(NamedTuple):
    """What `slice_features` returns.

    Attributes
    ----------
    index : int
        Of the slice along y, a multiple of `stride`.
    stride : int
        Voxels between the points.
    points : int32 [N, 3]
        Voxel indices.
    centres_mm : float64 [N, 3]
        The same in RAS mm of the scan.
    locations : float32 [N, 3]
        The same in the atlas, [-1, 1].
    features : float32 [N, C]
    """

    index: int
    stride: int
    points: np.ndarray
    centres_mm: np.ndarray
    locations: np.ndarray
    features: np.ndarray

    def picture(self, values: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
        """Returns values [N] of the points as a plane float32 [x, z] of a volume of this shape.

        Each point stands for the square of `stride` voxels round it; NaN where there is no point.
        """
        half, x, z = self.stride // 2, self.points[:, 0], self.points[:, 2]
        plane = np.full((shape[0] + self.stride, shape[2] + self.stride), np.nan, np.float32)
        for dx in range(self.stride):
            for dz in range(self.stride):
                plane[x + dx, z + dz] = values
        return plane[half : half + shape[0], half : half + shape[2]]


def slice_features(scan: AlignedScan, encoder: Encoder, index: int, stride: int = 2) -> SliceFeatures:
    """Returns h at every `stride`-th lung voxel, along x and z, of the coronal slice nearest to `index`.

    By `dense_features`: kernels are held constant on blocks of four points.

    Raises
    ------
    ValueError
        No lung on that slice; or scan and encoder do not go together (see `dense_features`).
    """
    index = min(round(index / stride), (scan.lungs.shape[1] - 1) // stride) * stride
    lungs = np.zeros_like(scan.lungs)
    lungs[::stride, index, ::stride] = scan.lungs[::stride, index, ::stride]
    if not lungs.any():
        raise ValueError(f"Slice {index} has no lung: choose one through the lungs.")
    options = DenseOptions(stride=stride, block=4 * stride, check=0)
    found = dense_features(scan._replace(lungs=lungs), encoder, options=options)
    low, high = np.asarray(encoder.description["location_box_mm"], dtype=float)
    locations = np.clip(2 * (scan.voxels_in_atlas(found.points) - low) / (high - low) - 1, -1, 1).astype(np.float32)
    centres = transform(scan.volume.affine, found.points)
    return SliceFeatures(index, stride, found.points, centres, locations, np.asarray(found.features))
