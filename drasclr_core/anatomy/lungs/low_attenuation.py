"""Dark voxels of the lungs: LAA-950, the densitometric measure of emphysema."""

from __future__ import annotations

import numpy as np

from drasclr_core.imaging.constants import LOW_ATTENUATION
from drasclr_core.imaging.volume import Volume


def low_attenuation_mask(volume: Volume, lungs: np.ndarray) -> np.ndarray:
    """Returns the LAA-950 mask, bool [x, y, z]: voxels below -950 HU where `lungs` [x, y, z] is above zero."""
    return (volume.array < LOW_ATTENUATION) & (np.asarray(lungs) > 0)
