"""Where in the lungs something lies: by thirds of each lung's height, right and left."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.imaging.constants import LOW_ATTENUATION

SIDES = ("right", "left")
THIRDS = ("upper", "middle", "lower")


def lung_thirds(lungs: np.ndarray) -> np.ndarray:
    """Numbers the thirds of both lungs.

    Each lung is cut by two planes across the body into parts of equal height, between its own lowest and highest voxel.
    Readers speak of upper, middle and lower zones; these are no lobes, whose fissures nobody has segmented here.

    Parameters
    ----------
    lungs : uint8 [x, y, z]
        1 right, 2 left; z grows towards the head.

    Returns
    -------
    uint8 [x, y, z]
        0 outside, then in the order of `SIDES` and `THIRDS`: 1 right upper, 2 right middle, ... 6 left lower.
    """
    numbers = np.zeros(lungs.shape, dtype=np.uint8)
    for side in range(len(SIDES)):
        lung = lungs == side + 1
        occupied = np.flatnonzero(lung.any(axis=(0, 1)))
        if occupied.size:
            height = occupied[-1] - occupied[0] + 1
            from_top = np.clip((occupied[-1] - np.arange(lungs.shape[2])) * 3 // height, 0, 2)
            numbers += np.where(lung, 3 * side + 1 + from_top, 0).astype(np.uint8)
    return numbers


def regional_table(hu: np.ndarray, lungs: np.ndarray, voxel_mm3: float, masks: dict[str, np.ndarray]) -> pd.DataFrame:
    """Returns volumes and density of the lungs by side and third.

    Parameters
    ----------
    hu : float32 [x, y, z]
    lungs : uint8 [x, y, z]
        1 right, 2 left.
    voxel_mm3 : float
    masks : dict of bool [x, y, z]
        What is counted by volume; only inside the lungs. LAA-950 is added.

    Returns
    -------
    DataFrame
        Twelve rows: ``side`` (right, left, both) by ``third`` (upper, middle, lower, whole); ``lung_ml``, ``mean_hu``,
        ``perc15_hu``; of LAA-950 and each mask ``<name>_ml`` and ``<name>_pct`` of the region's lung; and
        ``<name>_laa950_pct``, the share of the mask below -950 HU, by which a mask of emphysema can be judged.
        Millilitres of thirds and sides add up to those of the whole. Shares of nothing are NaN.
    """
    inside = lungs > 0
    regions, values = lung_thirds(lungs)[inside], hu[inside]
    dark = values < LOW_ATTENUATION
    named = {"laa950": dark, **{name: mask[inside] for name, mask in masks.items()}}
    rows = []
    for side in (*SIDES, "both"):
        for third in (*THIRDS, "whole"):
            members = np.isin(regions, _numbers(side, third))
            row = {"side": side, "third": third, "lung_ml": np.count_nonzero(members) * voxel_mm3 / 1000}
            row |= _density(values[members])
            for name, present in named.items():
                there = present & members
                row[f"{name}_ml"] = np.count_nonzero(there) * voxel_mm3 / 1000
                row[f"{name}_pct"] = _per_cent(there, members)
                if name in masks:
                    row[f"{name}_laa950_pct"] = _per_cent(there & dark, there)
            rows.append(row)
    return pd.DataFrame(rows)


def _numbers(side: str, third: str) -> list[int]:
    """Returns the labels of `lung_thirds` that a row of the table is about."""
    sides = range(2) if side == "both" else [SIDES.index(side)]
    thirds = range(3) if third == "whole" else [THIRDS.index(third)]
    return [3 * one + other + 1 for one in sides for other in thirds]


def _density(hu: np.ndarray) -> dict[str, float]:
    if not hu.size:
        return {"mean_hu": float("nan"), "perc15_hu": float("nan")}
    return {"mean_hu": float(hu.mean(dtype=float)), "perc15_hu": float(np.percentile(hu, 15))}


def _per_cent(part: np.ndarray, of: np.ndarray) -> float:
    number = np.count_nonzero(of)
    return 100 * np.count_nonzero(part) / number if number else float("nan")
