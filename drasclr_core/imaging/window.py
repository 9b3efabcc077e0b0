"""Grey levels as a viewer shows them."""

from __future__ import annotations

import numpy as np

from drasclr_core.imaging.constants import HU_WINDOW


def brightness(values: np.ndarray, window: tuple[float, float] = HU_WINDOW) -> np.ndarray:
    """Returns values [...] between black and white of a window, float32 from 0 to 1; what lies beyond is cut off."""
    low, high = window
    return ((values - low) / max(high - low, 1e-12)).clip(0, 1).astype(np.float32)
