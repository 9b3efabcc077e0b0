"""Chapter 2, same place in everybody: landmarks into the subject, and which patches of a grid are kept."""

from __future__ import annotations

from itertools import product

import numpy as np

from drasclr_core.teach.exercise import Exercise, Mistake


def to_subject(A, b, landmarks):
    return np.linalg.solve(A, (landmarks - b).T).T


def _to_atlas(A, b, landmarks):
    return landmarks @ A.T + b


def _shift_last(A, b, landmarks):
    return np.linalg.solve(A, landmarks.T).T - b


def _rows_for_columns(A, b, landmarks):
    return (landmarks - b) @ np.linalg.inv(A)


def _without_shift(A, b, landmarks):
    return np.linalg.solve(A, landmarks.T).T


def _affine(random: np.random.Generator) -> tuple:
    A = np.eye(3) + random.uniform(-0.25, 0.25, (3, 3))
    return A, random.uniform(-80, 80, 3), random.uniform(0, 300, (int(random.integers(4, 12)), 3))


def landmark_corners(mask, patch, step, share):
    corners = []
    for x, y, z in product(*(range(0, length, step) for length in mask.shape)):
        lungs = mask[x : x + patch, y : y + patch, z : z + patch].sum()
        if lungs > share * patch**3:
            corners.append((x, y, z))
    return np.array(corners)


def _kept(mask, patch, step, enough, last=0):
    grid = product(*(range(0, length - last, step) for length in mask.shape))
    pieces = (((x, y, z), mask[x : x + patch, y : y + patch, z : z + patch]) for x, y, z in grid)
    return np.array([corner for corner, piece in pieces if enough(piece)]).reshape(-1, 3)


def _any_voxel(mask, patch, step, share):
    return _kept(mask, patch, step, lambda piece: piece.any())


def _of_what_is_inside(mask, patch, step, share):
    return _kept(mask, patch, step, lambda piece: piece.mean() > share)


def _whole_patches(mask, patch, step, share):
    return _kept(mask, patch, step, lambda piece: piece.sum() > share * patch**3, last=patch - 1)


def _at_least(mask, patch, step, share):
    return _kept(mask, patch, step, lambda piece: piece.sum() >= share * patch**3)


def _side_by_side(mask, patch, step, share):
    return landmark_corners(mask, patch, patch, share)


def _centres(mask, patch, step, share):
    return landmark_corners(mask, patch, step, share) + (patch - 1) / 2


def _lungs(random: np.random.Generator) -> tuple:
    """Two boxes on even voxels, so that a patch of 4 often holds exactly the share that is asked for."""
    mask = np.zeros(random.integers(6, 9, 3) * 2 + 1, bool)
    for side in (0, mask.shape[0] // 2 // 2 * 2):
        low = random.integers(0, 3, 3) * 2
        mask[side : side + 6, low[1] : low[1] + 10, low[2] : low[2] + 12] = True
    return mask, 4, int(random.choice([2, 3])), float(random.choice([0.25, 0.5]))


EXERCISES = (
    Exercise(
        id="2-subject",
        right=to_subject,
        inputs=_affine,
        tolerance=1e-6,
        learnt="Mapped to the atlas again, your points are the landmarks, to less than a thousandth of a micrometre.",
        mistakes=(
            Mistake(_to_atlas, "This is the map to the atlas once more. Landmarks travel the other way: undo it."),
            Mistake(_shift_last, "`A` acts first and `b` is added last, so to undo it, begin with `b`."),
            Mistake(
                _rows_for_columns,
                "Your points are rows: with a product from the right the matrix must be turned, `.T`.",
            ),
            Mistake(_without_shift, "The shift `b` is missing: your landmarks are turned and scaled, but not moved."),
        ),
    ),
    Exercise(
        id="2-landmarks",
        right=landmark_corners,
        inputs=_lungs,
        learnt="On the atlas mask that the authors published, this rule gives 575 corners, all among their 581.",
        mistakes=(
            Mistake(_any_voxel, "You keep every patch that holds any lung. Only more than `share` of it is enough."),
            Mistake(
                _of_what_is_inside,
                "At the end of the array you divide by the part of the patch that is there. Divide by all of it.",
            ),
            Mistake(_whole_patches, "A patch may reach beyond the array: what lies outside is simply no lung."),
            Mistake(_at_least, "A patch with exactly this share is not kept: more than, not at least."),
            Mistake(_side_by_side, "The corners are `step` apart, not `patch`: neighbouring patches overlap."),
            Mistake(_centres, "These are the centres. The corners are asked for, the lowest voxel of each patch."),
        ),
    ),
)
