"""Making an atlas: whose lungs it takes, which landmarks lie on them, and how much of them the patches see."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.atlas.landmarks import landmark_grid


def choose_atlas(table: pd.DataFrame, stage: int = 0) -> str:
    """Returns the subject of a GOLD stage (where the column is there and someone has it) with the median lung volume.

    Parameters
    ----------
    table : DataFrame
        Columns ``sid``, ``volume_l`` (lung volume in litres) and, where known, ``GOLD``.
    stage : int
        0, healthy, as in the paper; 3 in its Table 9. Where nobody has another stage than 0, it is an error.

    Returns
    -------
    str
        Its sid; of an even number of subjects, the smaller of the two in the middle.
    """
    candidates = table.dropna(subset=["volume_l"])
    if candidates.empty:
        raise ValueError("No subject has lungs, so none can be the atlas: see the quality table of 02_lungs.")
    of_stage = candidates[candidates["GOLD"] == stage] if "GOLD" in candidates else candidates.iloc[:0]
    if stage and of_stage.empty:
        raise ValueError(f"No subject with lungs has GOLD stage {stage}: give another atlas_stage, or an atlas_mask.")
    candidates = candidates if of_stage.empty else of_stage
    ordered = candidates.sort_values(["volume_l", "sid"], ignore_index=True)
    return ordered["sid"][(len(ordered) - 1) // 2]


def told_subject(table: pd.DataFrame, sid: str) -> str:
    """Returns in words who the subject of an atlas is: healthy only where it has GOLD 0, which nobody may have.

    Parameters
    ----------
    table : DataFrame
        ``sid`` and, where known, ``GOLD``.
    sid : str
        From `choose_atlas`.
    """
    grade = table.set_index("sid")["GOLD"][sid] if "GOLD" in table else None
    if pd.isna(grade):
        return f"the subject {sid}"
    return f"the {f'GOLD {grade:g}' if grade else 'healthy'} subject {sid}"


def build_atlas(
    mask: np.ndarray,
    affine: np.ndarray,
    patch_mm: float = 32.0,
    step_mm: float = 26.0,
    coverage: float = 0.1,
    scaling: str = "patches",
    corners: np.ndarray | None = None,
) -> Atlas:
    """Returns an atlas from any lung mask on cubic voxels; sizes in mm are rounded to whole voxels.

    Parameters
    ----------
    mask : [x, y, z]
        In stored order (see `mask.read_stored`); lungs are above zero.
    affine : float64 [4, 4]
        From voxel indices to RAS mm.
    patch_mm, step_mm, coverage
        As in `landmark_grid`.
    scaling : str
        See `Atlas`.
    corners : int [L, 3], optional
        Landmarks to use instead of a grid, such as the authors' file (see `landmarks.read_corners`).

    Raises
    ------
    ValueError
        The voxels are not cubes, the sizes are below a voxel, too few patches lie in the lungs, or given landmarks lie
        outside the mask's voxels.
    """
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if np.ptp(spacing) > 0.01 * spacing.mean():
        raise ValueError(
            f"An atlas needs cubic voxels, not {spacing.round(3).tolist()} mm: resample its mask (the paper's is 1 mm)."
        )
    patch_size, step = (round(length / spacing.mean()) for length in (patch_mm, step_mm))
    if patch_size < 1 or step < 1:
        raise ValueError(f"patch_mm={patch_mm:g} and step_mm={step_mm:g} are below a voxel of {spacing[0]:g} mm.")
    if corners is not None:
        outside = ((corners < 0) | (corners >= mask.shape)).any(axis=1)
        if outside.any():
            raise ValueError(
                f"{outside.sum()} of {len(corners)} given landmarks lie outside the mask of {mask.shape} voxels: "
                "give the mask on which they were made, in its stored order."
            )
    else:
        corners = landmark_grid(mask, patch_size, step, coverage)
        if len(corners) < 2:
            raise ValueError(
                f"Only {len(corners)} patches of {patch_mm:g} mm lie in the lungs by more than {100 * coverage:.0f} %: "
                "check the mask, or take smaller patches and steps."
            )
    return Atlas(np.asarray(mask, np.uint8), np.asarray(affine, float), corners, patch_size, scaling)


def covered_fraction(atlas: Atlas) -> float:
    """Returns the fraction of the lungs' voxels that lie in at least one patch."""
    seen = np.zeros(atlas.lungs.shape, dtype=bool)
    for corner in atlas.corners:
        seen[tuple(slice(low, low + atlas.patch_size) for low in corner)] = True
    return float(seen[atlas.lungs > 0].mean())
