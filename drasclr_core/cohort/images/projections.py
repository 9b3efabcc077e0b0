"""Chest radiographs simulated from a CT: several views of one subject, taken with several exposures.

The beams are those of `phantom.radiograph`; then the detector: a Poisson number of photons in each pixel, readout
noise, the logarithm, and the automatic window of `phantom.film`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drasclr_core.cohort.phantom.scan.radiograph import film, radiograph
from drasclr_core.imaging.volume import Volume


@dataclass(frozen=True)
class View:
    """A view.

    Attributes
    ----------
    name : str
    degrees : float
        Turn of the subject round the long axis: 0 from back to front, 90 from the side.
    spread : float
        Standard deviation of the turn from picture to picture, degrees: nobody stands quite straight.
    """

    name: str
    degrees: float
    spread: float = 0.0


@dataclass(frozen=True)
class Exposure:
    """An exposure.

    Attributes
    ----------
    name : str
    photons : float
        Per mm2, where nothing is in the way.
    readout : float
        Standard deviation of the detector's own noise, photons in a pixel of 1 mm2.
    """

    name: str
    photons: float
    readout: float = 10.0


VIEWS = (View("frontal", 0.0, 2.0), View("oblique", 15.0, 4.0), View("lateral", 90.0, 2.0))
EXPOSURES = (Exposure("full", 300_000.0), Exposure("low", 20_000.0))
"""Less than clinical exposures (about 30,000 photons per mm2 and uGy, 2.5 uGy behind the patient): pixels of 2 mm are
large, and noise should be seen."""


def detected(passed: np.ndarray, exposure: Exposure, pixel_mm2: float, rng: np.random.Generator) -> np.ndarray:
    """Returns the share of X-rays that a detector reports, float32 of the shape of `passed`, above 0.

    A pixel of `pixel_mm2` receives a Poisson number of photons with the mean passed x photons x pixel_mm2; the readout
    noise is normal. At least one photon is reported, so that there is a logarithm.
    """
    full = exposure.photons * pixel_mm2
    counted = rng.poisson(passed.astype(np.float64) * full)
    counted = counted + rng.normal(0.0, exposure.readout * np.sqrt(pixel_mm2), passed.shape)
    return (counted.clip(1) / full).astype(np.float32)


def pictures(
    volume: Volume, rng: np.random.Generator, views: Sequence[View] = VIEWS, exposures: Sequence[Exposure] = EXPOSURES
) -> list[tuple[str, str, np.ndarray]]:
    """Returns radiographs of one scan: view, exposure, and brightness, float32 [rows, columns], 0 (black) to 1.

    Parameters
    ----------
    volume : Volume
        HU, RAS+, cubic voxels; a pixel has their size.
    rng : Generator
        Turns and noise come from it, in the order of views and exposures.
    views, exposures : sequence
        Every view is taken with every exposure.
    """
    made, pixel = [], volume.spacing[0] * volume.spacing[2]
    for view in views:
        passed = radiograph(volume, view.degrees + view.spread * rng.standard_normal())
        made += [(view.name, one.name, film(detected(passed, one, pixel, rng))) for one in exposures]
    return made
