"""Points through affine maps."""

from __future__ import annotations

import numpy as np

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""DICOM and ITK count x and y towards the patient's left and back, NIfTI (and this project) towards right and front."""


def transform(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Returns points [..., 3] mapped by an affine [4, 4]."""
    return np.asarray(points) @ matrix[:3, :3].T + matrix[:3, 3]


def affine_matrix(linear: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Returns the [4, 4] of x -> linear @ x + shift."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = linear, shift
    return matrix
