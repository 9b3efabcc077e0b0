"""Images of unlike sizes on one square grid: nothing is cut off, nothing is stretched."""

from __future__ import annotations

import numpy as np
from PIL import Image


def to_square(image: np.ndarray, edge: int) -> np.ndarray:
    """Returns an image whose longer side has `edge` pixels, in the middle of a black square.

    Parameters
    ----------
    image : float [rows, columns], 0 to 1
    edge : int
        Pixels of the square's side. Where pixels get larger, they are averages (no aliasing).

    Returns
    -------
    float32 [edge, edge], 0 to 1
    """
    scale = edge / max(image.shape)
    rows, columns = (max(round(side * scale), 1) for side in image.shape)
    picture = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32))
    resized = np.asarray(picture.resize((columns, rows), Image.Resampling.BILINEAR)).clip(0, 1)
    square = np.zeros((edge, edge), np.float32)
    top, left = (edge - rows) // 2, (edge - columns) // 2
    square[top : top + rows, left : left + columns] = resized
    return square
