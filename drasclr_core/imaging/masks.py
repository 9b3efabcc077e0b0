"""Shapes of masks: distances, closing, the box round a mask, its largest piece."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from scipy import ndimage


def close(mask: np.ndarray, radius: float) -> np.ndarray:
    """Returns a mask closed by a ball of `radius` voxels, and what it then encloses."""
    box = bounding_box(mask, 0.0)
    margin = int(np.ceil(radius)) + 2
    part = np.pad(mask[box], margin)
    closed = ndimage.binary_fill_holes(distance(distance(part) > radius) > radius)
    result = np.zeros_like(mask)
    result[box] = closed[margin:-margin, margin:-margin, margin:-margin]
    return result


def bounding_box(mask: np.ndarray, margin: float) -> tuple[slice, ...]:
    """Returns the slices that hold a mask and `margin` voxels around it; all of the array where it is empty."""
    inside = np.nonzero(mask)
    if not inside[0].size:
        return (slice(None),) * mask.ndim
    reach = int(np.ceil(margin))
    return tuple(slice(max(int(p.min()) - reach, 0), int(p.max()) + reach + 1) for p in inside)


def distance(mask: np.ndarray) -> np.ndarray:
    """Returns the distance in voxels to the nearest voxel of `mask`, 0 or less inside it."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing((1.0, 1.0, 1.0))
    return sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(image, squaredDistance=False))


def largest(mask: np.ndarray) -> np.ndarray:
    """Returns the largest connected piece of a mask, which is empty where the mask is."""
    labels, pieces = ndimage.label(mask)
    if not pieces:
        return np.zeros(mask.shape, dtype=bool)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return labels == sizes.argmax()


def dice(first: np.ndarray, second: np.ndarray, first_voxels: float | None = None) -> float:
    """Returns the overlap 2 |A and B| / (|A| + |B|) of two masks of one shape; 1 for two empty ones.

    `first_voxels` is |A| where part of the first mask lies outside the array.
    """
    first, second = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    total = (np.count_nonzero(first) if first_voxels is None else first_voxels) + np.count_nonzero(second)
    return 2 * np.count_nonzero(first & second) / total if total else 1.0
