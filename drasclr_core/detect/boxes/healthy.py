"""Healthy patches: from subjects without disease (paper, section 4.3.1), at the places of annotated ones (ours)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.anatomy.atlas.registration import AtlasAffine
from drasclr_core.cohort.annotations import COLUMNS
from drasclr_core.detect.boxes.annotated import LEAST_LUNG, lung_of_boxes, lung_share
from drasclr_core.imaging.affine import transform
from drasclr_core.imaging.volume import load_mask
from drasclr_core.run import Run

HEALTHY = "healthy"
"""Their kind, where boxes have a subtype."""
LABELS = ("GOLD", "CLE", "paraseptal")
"""Columns of the subject table that are all 0 for subjects from whom healthy patches come."""
APART_MM = 16.0
"""Least distance of two healthy boxes of a subject along some axis: they share at most half of their voxels."""
MOST_MOVED_MM = 12.0
"""A box is moved no further from its place to find one with as much lung."""

_STREAM = 9002


def healthy_subjects(subjects: pd.DataFrame, boxes: pd.DataFrame) -> list[str]:
    """Returns subjects with GOLD 0, no visible emphysema of either subtype, and no box, in the order of the table.

    Raises
    ------
    ValueError
        The table lacks one of the three columns.
    """
    absent = [name for name in LABELS if name not in subjects]
    if absent:
        raise ValueError(f"subjects.parquet: no column {absent[0]!r}. Healthy patches come from subjects with "
                         f"{', '.join(LABELS)} all 0: add these labels to the manifest (notebook 01).")  # fmt: skip
    healthy = (subjects[list(LABELS)] == 0).all(axis=1) & ~subjects["sid"].isin(boxes["sid"])
    return subjects.loc[healthy, "sid"].tolist()


def healthy_boxes(run: Run, sids: list[str], annotated: pd.DataFrame, count: int, seed: int = 0) -> pd.DataFrame:
    """Draws boxes in healthy lungs at the places of annotated ones.

    An encoder that knows the location, and any that sees the chest wall, would otherwise tell the two kinds apart by
    where they lie: boxes of a subtype lie where that subtype lies. So each healthy box is the twin of an annotated one:
    it lies at the same place of the atlas, moved to where as much of it is lung.

    Parameters
    ----------
    run : Run
        Has ``lungs.nii.gz`` and ``affine.json`` of every subject.
    sids : list of str
        Healthy subjects; they take turns.
    annotated : DataFrame
        ``sid, x, y, z``; drawn in random order, each once before any is drawn again.
    count : int
        How many healthy boxes in all. There are fewer where a lung has no room for more.

    Returns
    -------
    DataFrame
        ``sid, x, y, z, subtype`` as in a file of boxes; the subtype is ``healthy``.
    """
    if not sids or annotated.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    in_atlas, shares = _atlas_points(run, annotated), lung_of_boxes(run, annotated)
    rng = np.random.default_rng([seed, _STREAM])
    order = np.concatenate([rng.permutation(len(in_atlas)) for _ in range(-(-count // len(in_atlas)))])[:count]
    rows = []
    for turn, sid in enumerate(sids):
        affine = AtlasAffine.load(run.alignment(sid) / "affine.json")
        lungs, to_mm = load_mask(run.anatomy(sid) / "lungs.nii.gz")
        share, own, taken = lung_share(lungs, to_mm), order[turn :: len(sids)], np.empty((0, 3))
        for twin in (*own, *order):  # others stand in for those that find no room
            if len(taken) == len(own):
                break
            centre = _like(share, to_mm, affine.to_subject(in_atlas[twin : twin + 1])[0], shares[twin], taken)
            if centre is not None:
                taken = np.vstack([taken, centre])
        rows += [{"sid": sid, **dict(zip("xyz", centre, strict=True)), "subtype": HEALTHY} for centre in taken.tolist()]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _atlas_points(run: Run, boxes: pd.DataFrame) -> np.ndarray:
    """Boxes' centres [N, 3] in the atlas, RAS mm."""
    centres, points = boxes[["x", "y", "z"]].to_numpy(float), np.empty((len(boxes), 3))
    for sid, rows in boxes.groupby("sid", sort=False).indices.items():
        points[rows] = AtlasAffine.load(run.alignment(sid) / "affine.json").to_atlas(centres[rows])
    return points


def _like(share: np.ndarray, to_mm: np.ndarray, centre: np.ndarray, wanted: float, taken: np.ndarray):
    """The voxel centre (RAS mm) near `centre` whose box is lung to the `wanted` share; None where there is no room."""
    reach = int(np.ceil(MOST_MOVED_MM / np.linalg.norm(to_mm[:3, 0])))
    middle = np.rint(transform(np.linalg.inv(to_mm), centre[None])[0]).astype(int)
    low, high = np.clip([middle - reach, middle + reach + 1], 0, share.shape)
    voxels = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), axis=-1).reshape(-1, 3)
    points = transform(to_mm, voxels)
    moved = np.linalg.norm(points - centre, axis=1)
    free = (moved <= MOST_MOVED_MM) & (share[tuple(voxels.T)] >= LEAST_LUNG)
    for other in taken:
        free &= np.abs(points - other).max(axis=1) >= APART_MM
    if not free.any():
        return None
    # Among places that are alike to a hundredth, the nearest.
    unlike = np.round(np.abs(share[tuple(voxels.T)] - wanted), 2)
    return points[free][np.lexsort((moved[free], unlike[free]))[0]]
