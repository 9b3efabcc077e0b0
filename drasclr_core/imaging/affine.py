"""Points through affine maps."""

from __future__ import annotations

import numpy as np


def transform(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points [N, 3] through an affine [4, 4]."""
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def affine_matrix(linear: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """[4, 4] of x -> linear @ x + shift."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = linear, shift
    return matrix
