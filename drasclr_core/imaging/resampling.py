"""Resampling to isotropic voxels along the RAS axes: linear, and without aliasing where voxels get larger."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy import ndimage, sparse

from drasclr_core.imaging.affine import transform

ALIGNED = 1e-3
"""A header whose axes differ from the RAS axes by less than this (cosine, about 0.06 degrees) counts as aligned."""


def resample(array: np.ndarray, affine: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns an image on a grid of cubes of `spacing` mm along the RAS axes.

    Parameters
    ----------
    array : float32 [i, j, k]
        Image whose axes are already nearest to R, A, S.
    affine : float64 [4, 4]
        From voxel indices to RAS mm; oblique and sheared (tilted gantry) headers are allowed.
    spacing : float
        Size of the new voxels in mm.

    Returns
    -------
    array : float32 [x, y, z]
    affine : float64 [4, 4]
        Diagonal but for its origin.
    """
    array, affine = _along_own_axes(array, affine, spacing)
    directions = affine[:3, :3] / spacing
    if np.abs(directions - np.eye(3)).max() < ALIGNED:
        aligned = np.diag([spacing, spacing, spacing, 1.0])
        aligned[:3, 3] = affine[:3, 3]
        return array, aligned
    return _along_ras(array, affine, spacing)


def _along_own_axes(array: np.ndarray, affine: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Isotropic voxels along the image's own axes; the centre of the field of view stays where it is."""
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    shape = [max(1, round(count * size / spacing)) for count, size in zip(array.shape, sizes, strict=True)]
    shift = np.zeros(3)
    # The axis that shrinks most goes first: less work for the others.
    for axis in np.argsort([new / old for new, old in zip(shape, array.shape, strict=True)]):
        weights, shift[axis] = _linear_weights(array.shape[axis], shape[axis], spacing / sizes[axis])
        if weights is not None:
            moved = np.moveaxis(array, axis, 0)
            flat = weights @ np.ascontiguousarray(moved).reshape(moved.shape[0], -1)
            array = np.moveaxis(flat.reshape(-1, *moved.shape[1:]), 0, axis)
    new = affine.copy()
    new[:3, 3] += affine[:3, :3] @ shift
    new[:3, :3] *= spacing / sizes
    return np.ascontiguousarray(array, dtype=np.float32), new


def _linear_weights(old: int, new: int, step: float) -> tuple[sparse.csr_matrix | None, float]:
    """Weights [new, old] of linear interpolation with the old grid's centre kept, and the first new voxel's place.

    Where voxels get larger, the interpolated line is averaged over the width that makes their sharpness the new voxel's
    (variances of boxes add: step^2 = 1 + width^2). Positions outside take the edge's value. None where the grid stays.
    """
    if new == old and abs(step - 1.0) < 1e-4:
        return None, 0.0
    width = np.sqrt(max(step**2 - 1.0, 1e-6))
    places = (old - 1) / 2 + (np.arange(new) - (new - 1) / 2) * step
    reach = int(np.ceil(width / 2)) + 1
    columns = np.floor(places)[:, None].astype(int) + np.arange(-reach, reach + 2)
    low, high = places[:, None] - columns - width / 2, places[:, None] - columns + width / 2
    weights = (_below_hat(high) - _below_hat(low)) / width
    rows = np.repeat(np.arange(new), columns.shape[1])
    columns = np.clip(columns, 0, old - 1).ravel()
    matrix = sparse.csr_matrix((weights.ravel().astype(np.float32), (rows, columns)), shape=(new, old))
    return matrix, float(places[0])


def _below_hat(t: np.ndarray) -> np.ndarray:
    """Integral up to `t` of the hat function 1 - |t|, which is what linear interpolation gives one voxel's value."""
    t = np.clip(t, -1.0, 1.0)
    return np.where(t < 0, (1 + t) ** 2 / 2, 1 - (1 - t) ** 2 / 2)


def _along_ras(array: np.ndarray, affine: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Turn an oblique image onto the RAS axes; what no voxel covers becomes the image's lowest value (air)."""
    ends = transform(affine, list(product(*[(0, count - 1) for count in array.shape])))
    low, high = ends.min(axis=0), ends.max(axis=0)
    shape = np.floor((high - low) / spacing + 1e-3).astype(int) + 1
    new = np.diag([spacing, spacing, spacing, 1.0])
    new[:3, 3] = low
    to_old = np.linalg.inv(affine) @ new
    turned = ndimage.affine_transform(
        array, to_old[:3, :3], to_old[:3, 3], output_shape=tuple(shape), order=1, cval=float(array.min())
    )
    return turned, new
