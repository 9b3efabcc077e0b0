"""The sampling grids of a phantom: one frame in mm, smooth fields on a fixed 4 mm grid, voxels of any size.

Everything that makes a subject (shapes, trees, lesions, texture) is drawn on the fixed grid or in mm, so that the
subject is the same at every voxel size; only the last step looks at the voxels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

FIELD_MM = 4.0


def random_stream(seed: int, index: int, part: int) -> np.random.Generator:
    """Returns the random numbers of one part of one subject; parts and subjects are independent of each other."""
    return np.random.default_rng(np.random.SeedSequence((seed, index), spawn_key=(1977, part)))


@dataclass(frozen=True)
class Frame:
    """A box in RAS mm that starts at `origin` (its corner, not a voxel centre) and is `cells` 4 mm cells large."""

    origin: tuple[float, float, float]
    cells: tuple[int, int, int]

    @property
    def size(self) -> np.ndarray:
        """Edge lengths in mm."""
        return np.array(self.cells) * FIELD_MM

    def axes(self, spacing: float = FIELD_MM) -> list[np.ndarray]:
        """Returns the voxel-centre coordinates in mm along x, y and z (float32), for voxels of `spacing` mm."""
        counts = np.floor(self.size / spacing + 1e-6).astype(int)
        pairs = zip(self.origin, counts, strict=True)
        return [(start + (np.arange(n) + 0.5) * spacing).astype(np.float32) for start, n in pairs]

    def crop(self, low_mm, high_mm) -> Frame:
        """Returns the smallest sub-frame on the same fixed grid that holds the box from `low_mm` to `high_mm`."""
        low = np.floor((np.asarray(low_mm) - self.origin) / FIELD_MM).astype(int).clip(0)
        high = np.ceil((np.asarray(high_mm) - self.origin) / FIELD_MM).astype(int)
        high = np.minimum(high, self.cells)
        return Frame(tuple(np.add(self.origin, low * FIELD_MM)), tuple(int(n) for n in high - low))

    def cut(self, field: np.ndarray, inner: Frame) -> np.ndarray:
        """Returns the part of a fixed-grid `field` of this frame that lies in the sub-frame `inner`."""
        low = np.rint(np.subtract(inner.origin, self.origin) / FIELD_MM).astype(int)
        return field[tuple(slice(a, a + n) for a, n in zip(low, inner.cells, strict=True))]


def affine_of(axes: list[np.ndarray]) -> np.ndarray:
    """Returns the voxel-to-RAS-mm matrix [4, 4] of a grid given by its voxel-centre `axes`."""
    affine = np.eye(4)
    for k, axis in enumerate(axes):
        affine[k, k] = float(axis[1]) - float(axis[0])
        affine[k, 3] = axis[0]
    return affine


def resample_grid(field: np.ndarray, frame: Frame, axes: list[np.ndarray], field_mm: float = FIELD_MM) -> np.ndarray:
    """Returns a `field`, sampled every `field_mm` in `frame`, on the grid spanned by `axes` (linear)."""
    for k in (2, 1, 0):  # the contiguous axis first, while the array is small
        place = (axes[k] - np.float32(frame.origin[k])) / np.float32(field_mm) - np.float32(0.5)
        place = place.clip(0, field.shape[k] - 1)
        low = np.minimum(place.astype(int), max(field.shape[k] - 2, 0))
        weight = (place - low).astype(np.float32)
        weight = weight.reshape([-1 if j == k else 1 for j in range(3)])
        below = field.take(low, axis=k)
        if not weight.any():
            field = below
            continue
        above = field.take(np.minimum(low + 1, field.shape[k] - 1), axis=k)
        above -= below
        above *= weight
        below += above
        field = below
    return field


def window(axes: list[np.ndarray], inner: Frame) -> tuple[slice, slice, slice]:
    """Returns the voxels whose centres lie in the sub-frame `inner`."""
    high = np.add(inner.origin, inner.size)
    return tuple(slice(*np.searchsorted(axis, (a, b))) for axis, a, b in zip(axes, inner.origin, high, strict=True))


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> np.ndarray:
    """Returns a Gaussian random field of mean 0, variance 1 and correlation length `sigma` voxels, float32."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    noise = ndimage.gaussian_filter(noise, sigma, mode="wrap", truncate=2.5)
    return noise / noise.std()


def smooth_max(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Returns the maximum of two distance fields with a rounded edge of `width` mm (polynomial)."""
    overlap = (width - np.abs(a - b)).clip(0)
    overlap *= overlap
    overlap *= 1 / (4 * width)
    return np.maximum(a, b) + overlap


def smooth_min(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Returns the minimum of two distance fields with a rounded corner of `width` mm."""
    return -smooth_max(-a, -b, width)
