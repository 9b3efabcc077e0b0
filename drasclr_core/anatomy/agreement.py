"""How well found lungs agree with known ones (the truth of a phantom, a radiologist's mask)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drasclr_core.anatomy.volume import load_mask
from drasclr_core.cohort.phantom.truth import load_truth


def dice(first: np.ndarray, second: np.ndarray) -> float:
    """Overlap 2 |A and B| / (|A| + |B|) of two masks of one shape; 1 for two empty ones."""
    first, second = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    total = np.count_nonzero(first) + np.count_nonzero(second)
    return 2 * np.count_nonzero(first & second) / total if total else 1.0


def phantom_agreement(sid: str, anatomy_folder: Path, truth_folder: Path) -> dict:
    """Dice of a phantom's found lungs with its true ones: ``sid``, ``right``, ``left``; 0 where no lungs were found.

    Lungs and truth must lie on the same voxels: segment at the voxel size of the simulation.
    """
    truth = load_truth(Path(truth_folder) / f"{sid}.nii.gz")["lungs"]
    path = Path(anatomy_folder) / sid / "lungs.nii.gz"
    found = load_mask(path)[0] if path.exists() else np.zeros_like(truth)
    if found.shape != truth.shape:
        raise ValueError(
            f"{path.name} of {sid}: {found.shape} voxels, but the truth has {truth.shape}. "
            "Segment at the voxel size of the simulation."
        )
    return {"sid": sid, "right": dice(found == 1, truth == 1), "left": dice(found == 2, truth == 2)}
