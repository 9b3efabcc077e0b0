"""Numbers that tell whether a scan, its lungs and its alignment are plausible; `verdict` judges by them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.atlas.registration import AtlasAffine
from drasclr_core.anatomy.quality.orientation import coarse_voxels, measure_orientation
from drasclr_core.imaging.affine import transform
from drasclr_core.imaging.hounsfield import tissue_hu
from drasclr_core.imaging.masks import dice
from drasclr_core.imaging.volume import Volume

OVERLAP_MM = 2.0
"""Overlap is counted on a lattice this fine, mm."""

OUTSIDE_BODY = -300.0
"""Air and lung are darker than this, HU; the rest is body (and table)."""
LEAST_FACE = 0.05
"""Scans with slices of air at both ends show less body than this on them."""


def measure_lungs(volume: Volume, lungs: np.ndarray) -> dict[str, float]:
    """Measures volumes (l), cut faces (cm²), mean HU, signs of orientation, and what `measure_scan` gives."""
    voxel_l = np.prod(volume.spacing) / 1e6
    right, left = (np.count_nonzero(lungs == label) * voxel_l for label in (1, 2))
    face_cm2 = volume.spacing[0] * volume.spacing[1] / 100
    return {
        "right_l": float(right),
        "left_l": float(left),
        "volume_l": float(right + left),
        "left_to_right": float(left / max(right, voxel_l)),
        "top_cut_cm2": float(np.count_nonzero(lungs[:, :, -1]) * face_cm2),
        "bottom_cut_cm2": float(np.count_nonzero(lungs[:, :, 0]) * face_cm2),
        "mean_hu": float(volume.array[lungs > 0].mean()) if lungs.any() else 0.0,
        **measure_scan(volume),
        **measure_orientation(volume, lungs),
    }


def measure_scan(volume: Volume) -> dict[str, float]:
    """Measures what needs no lungs: HU of air and tissue, slice distance and gaps (mm), how many ``cut_files`` lie
    beside the slices, `body_across`, and the reader's ``note`` (text)."""
    stored = [*volume.source.get("spacing", volume.spacing), volume.source.get("slice_thickness", 0.0)]
    hounsfield = {"air_hu": volume.source.get("air_hu"), "tissue_hu": tissue_hu(volume.array[coarse_voxels(volume)])}
    return {
        "slice_mm": float(max(stored)),
        "gap_mm": float(volume.source.get("gap_mm", 0.0)),
        "cut_files": float(volume.source.get("cut_files", 0)),
        "body_across": body_across(volume),
        **{name: hu for name, hu in hounsfield.items() if hu is not None},
        **({"note": volume.source["note"]} if "note" in volume.source else {}),
    }


def body_across(volume: Volume) -> float:
    """Returns how much of the scan's sides (right and left, or front and back) is body, compared with head and foot.

    Below 0.4 in whole chest CT, about 1 in crops, above 5 where a header names the axes wrongly (the body lies across).
    """
    body = volume.array > OUTSIDE_BODY
    faces = [np.take(body, [0, -1], axis=axis).mean() for axis in range(3)]
    return float(max(faces[:2]) / max(faces[2], LEAST_FACE))


def measure_alignment(lungs: np.ndarray, affine: np.ndarray, to_atlas: AtlasAffine, atlas: Atlas) -> dict[str, float]:
    """Measures the overlap with the atlas, the shape of the transform, and where the landmarks fall.

    Parameters
    ----------
    lungs : uint8 [x, y, z]
        The subject's lungs, 1 right, 2 left.
    affine : float64 [4, 4]
        From their voxel indices to RAS mm.
    to_atlas : AtlasAffine
    atlas : Atlas

    Returns
    -------
    dict
        ``dice`` of warped lungs and atlas; ``dice_right`` and ``dice_left``, of each lung with the same lung of the
        atlas (where the atlas has two labels); ``determinant`` and ``shear`` (largest off-diagonal element of the
        unit-diagonal R in M = QR) of the transform; ``landmarks_inside``, of the landmarks that lie in the atlas' lungs
        the share that lies in the subject's.
    """
    step = max(1, round(OVERLAP_MM / atlas.spacing))
    grid = atlas.affine @ np.diag([step, step, step, 1])
    reference = atlas.lungs[::step, ::step, ::step]
    to_subject = np.linalg.inv(affine) @ to_atlas.matrix @ grid
    warped = ndimage.affine_transform(
        lungs.astype(np.uint8), to_subject[:3, :3], to_subject[:3, 3], output_shape=reference.shape, order=0
    )
    # The lungs' volume in the atlas, with what lies outside the atlas' field of view.
    shrinks = abs(np.linalg.det(to_subject))
    pairs = {"dice": (lungs > 0, warped > 0, reference > 0)}
    for label, (side, other) in enumerate(_sides(atlas).items(), start=1):
        pairs[f"dice_{side}"] = (lungs == label, warped == label, reference == other)
    overlaps = {
        name: float(dice(moved, fixed, np.count_nonzero(whole) / shrinks))
        for name, (whole, moved, fixed) in pairs.items()
    }
    matrix = to_atlas.matrix[:3, :3]
    upper = np.linalg.qr(matrix)[1]
    upper = upper / np.diag(upper)[:, None]
    centres = atlas.centres[_inside(atlas.centres, atlas.lungs > 0, atlas.affine)]
    in_subject = _inside(to_atlas.to_subject(centres), lungs > 0, affine)
    return {
        **overlaps,
        "determinant": float(np.linalg.det(matrix)),
        "shear": float(np.abs(upper[np.triu_indices(3, 1)]).max()),
        "landmarks_inside": float(in_subject.mean()) if len(centres) else 0.0,
    }


def _sides(atlas: Atlas) -> dict[str, int]:
    """Returns the atlas' labels of the right and left lung, told by where they lie; empty unless it has two labels."""
    labels = np.unique(atlas.lungs[atlas.lungs > 0])
    if len(labels) != 2:
        return {}
    towards_right = [np.argwhere(atlas.lungs == label).mean(axis=0) @ atlas.affine[0, :3] for label in labels]
    right = int(np.argmax(towards_right))
    return {"right": int(labels[right]), "left": int(labels[1 - right])}


def _inside(points_mm: np.ndarray, mask: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Returns bool [N]: whether each point's nearest voxel is in the mask."""
    voxels = np.rint(transform(np.linalg.inv(affine), points_mm)).astype(int)
    within = ((voxels >= 0) & (voxels < mask.shape)).all(axis=1)
    return within & mask[tuple(np.where(within[:, None], voxels, 0).T)]
