"""What the scanner does to the picture: reconstruction kernel, slice thickness, noise, calibration."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from drasclr_core.imaging.constants import HIGHEST, LOWEST

KERNELS = {"soft": (0.68, 0.25, 0.50, 12.5), "medium": (0.24, 0.55, 0.80, 17.0), "sharp": (0.08, 0.90, 1.10, 27.0)}
"""Share of the scans, sharpness (least, most) and typical noise in HU of each kind of reconstruction kernel."""
THIN_SHARE = 0.84
"""Share of the scans with slices thinner than the voxels; the others have slices of 2.5 to 8 mm."""


@dataclass(frozen=True)
class Scanner:
    """A protocol.

    Attributes
    ----------
    kernel : str
        soft, medium or sharp.
    blur : float
        Gaussian sd of the kernel, mm.
    sharpening : float
        0 to 0.8.
    noise : float
        HU sd in 2 mm voxels.
    offset : float
        Calibration error, HU.
    slice_mm : float
        Slice thickness and distance; 0 where it is below the voxel size.
    """

    kernel: str
    blur: float
    sharpening: float
    noise: float
    offset: float
    slice_mm: float = 0.0

    @classmethod
    def draw(cls, rng: np.random.Generator, bmi: float = 28.0) -> Scanner:
        """Returns a random protocol of a study with many sites: kernels and slices differ, large bodies are noisier.

        Sharper kernels come with more noise, 11 to 30 HU in 2 mm voxels of most scans. In COPDGene a sharp kernel
        raises LAA-950 by 7 to 8 points (Gallardo-Estrella et al., Eur Radiol 2016).
        """
        kind = list(KERNELS)[
            int(np.searchsorted(np.cumsum([share for share, *_ in KERNELS.values()])[:-1], rng.random()))
        ]
        thick = rng.random() > THIN_SHARE
        protocol = cls.of_kind(kind, rng, bmi)
        return replace(protocol, slice_mm=float(rng.uniform(2.5, 8.0)) if thick else 0.0)

    @classmethod
    def of_kind(cls, kind: str, rng: np.random.Generator, bmi: float = 28.0) -> Scanner:
        """Returns a random protocol with thin slices and a `kind` of kernel, one of `KERNELS`."""
        _, least, most, noise = KERNELS[kind]
        sharpness, spread, offset = rng.uniform(least, most), rng.standard_normal(), rng.standard_normal()
        return cls(
            kernel=kind,
            blur=1.15 - 0.55 * sharpness,
            sharpening=0.7 * sharpness,
            noise=float(noise * np.exp(0.015 * (min(bmi, 45) - 28) + 0.10 * spread)),
            offset=float(3 * offset),
        )

    def samples(self, spacing: float) -> np.ndarray:
        """Returns the kernel's samples along one axis, sum 1; sharp kernels have negative lobes."""
        reach = max(int(np.ceil(4 * self.blur / spacing)), 1)
        x = np.arange(-reach, reach + 1) * spacing
        narrow, wide = (np.exp(-0.5 * (x / s) ** 2) for s in (self.blur, 1.8 * self.blur))
        kernel = (1 + self.sharpening) * narrow / narrow.sum() - self.sharpening * wide / wide.sum()
        return kernel.astype(np.float32)

    def scan(self, hu: np.ndarray, spacing: float, rng: np.random.Generator) -> np.ndarray:
        """Returns the picture `hu` [x, y, z] as this protocol shows it: whole HU from -1024 to 3071, float32.

        The noise is filtered by the kernel like everything else, so its grain fits the sharpness; its sd grows as
        voxels shrink and is a third larger at the level of the shoulders. Thick slices are averages over `slice_mm`,
        put back to the voxel size by linear interpolation, as any reader of such a scan does; they have less noise,
        though not as much less as averaging would give, because their dose is lower.
        """
        kernel = self.samples(spacing)
        thick = self.slice_mm > spacing
        white = self.noise * (2 / spacing) / (kernel @ kernel) ** 1.5
        if thick:
            white *= (self.slice_mm / spacing) ** 0.25
        along = (white * (1 + np.linspace(-0.2, 1, hu.shape[2]).clip(0) ** 2 / 3)).astype(np.float32)
        noisy = rng.standard_normal(hu.shape, dtype=np.float32)
        noisy *= along
        noisy += hu
        for axis in range(3):
            noisy = ndimage.correlate1d(noisy, kernel, axis, mode="nearest")
        if thick:
            noisy = _thick_slices(noisy, self.slice_mm / spacing)
        noisy += np.float32(self.offset)
        return np.rint(noisy, out=noisy).clip(LOWEST, HIGHEST, out=noisy)


def _thick_slices(hu: np.ndarray, per_slice: float) -> np.ndarray:
    """Averages of `per_slice` voxels along z, interpolated linearly back to the voxels."""
    depth = hu.shape[2]
    edges = np.arange(0, depth + per_slice, per_slice).clip(0, depth)
    edges = edges[np.append(True, np.diff(edges) > 0)]
    total = np.concatenate([np.zeros((*hu.shape[:2], 1), np.float32), np.cumsum(hu, axis=2, dtype=np.float64)], 2)
    low = np.minimum(edges.astype(int), depth - 1)
    at_edge = total[..., low] + (edges - low) * (total[..., low + 1] - total[..., low])
    slices = np.diff(at_edge, axis=2) / np.diff(edges)
    place = np.interp(np.arange(depth) + 0.5, (edges[1:] + edges[:-1]) / 2, np.arange(slices.shape[2]))
    below = np.minimum(place.astype(int), max(slices.shape[2] - 2, 0))
    weight = place - below
    above = np.minimum(below + 1, slices.shape[2] - 1)
    return (slices[..., below] * (1 - weight) + slices[..., above] * weight).astype(np.float32)
