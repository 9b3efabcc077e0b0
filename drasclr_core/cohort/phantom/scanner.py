"""What the scanner does to the picture: reconstruction kernel, noise, calibration; different for every subject."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from drasclr_core.imaging.constants import HIGHEST, LOWEST


@dataclass(frozen=True)
class Scanner:
    """A protocol: `blur` (Gaussian sd, mm), `sharpening` (0 to 0.7), `noise` (HU sd in 2 mm voxels), `offset` (HU)."""

    blur: float
    sharpening: float
    noise: float
    offset: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Scanner:
        """Returns a random protocol: sharper kernels come with more noise.

        The range is that of one study with a common protocol (COPDGene's scanners differ, its kernels are alike): with
        a wider one, subjects could be told apart by their scanner alone, and pretraining would learn scanners.
        """
        sharpness = rng.uniform(0.35, 0.65)
        return cls(
            blur=1.15 - 0.55 * sharpness,
            sharpening=0.7 * sharpness,
            noise=float(np.exp(np.log(9) + 0.75 * sharpness + 0.1 * rng.standard_normal())),
            offset=3 * rng.standard_normal(),
        )

    def kernel(self, spacing: float) -> np.ndarray:
        """Returns the kernel's samples along one axis, sum 1; sharp kernels have negative lobes."""
        reach = max(int(np.ceil(4 * self.blur / spacing)), 1)
        x = np.arange(-reach, reach + 1) * spacing
        narrow, wide = (np.exp(-0.5 * (x / s) ** 2) for s in (self.blur, 1.8 * self.blur))
        kernel = (1 + self.sharpening) * narrow / narrow.sum() - self.sharpening * wide / wide.sum()
        return kernel.astype(np.float32)

    def scan(self, hu: np.ndarray, spacing: float, rng: np.random.Generator) -> np.ndarray:
        """Returns the picture `hu` [x, y, z] as this protocol shows it: whole HU from -1024 to 3071, float32.

        The noise is filtered by the kernel like everything else, so its grain fits the sharpness; its sd grows as
        voxels shrink and is a third larger at the level of the shoulders.
        """
        kernel = self.kernel(spacing)
        white = self.noise * (2 / spacing) / (kernel @ kernel) ** 1.5
        along = (white * (1 + np.linspace(-0.2, 1, hu.shape[2]).clip(0) ** 2 / 3)).astype(np.float32)
        noisy = rng.standard_normal(hu.shape, dtype=np.float32)
        noisy *= along
        noisy += hu
        for axis in range(3):
            noisy = ndimage.correlate1d(noisy, kernel, axis, mode="nearest")
        noisy += np.float32(self.offset)
        return np.rint(noisy, out=noisy).clip(LOWEST, HIGHEST, out=noisy)
