"""How well found lungs agree with known ones (the truth of a phantom, a radiologist's mask)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drasclr_core.cohort.phantom.truth import load_truth
from drasclr_core.imaging.masks import dice
from drasclr_core.imaging.volume import load_mask


def phantom_agreement(sid: str, anatomy_folder: Path, truth_folder: Path) -> dict:
    """Returns the Dice of found lungs with the true ones: ``sid``, ``right``, ``left``; 0 where none were found.

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
