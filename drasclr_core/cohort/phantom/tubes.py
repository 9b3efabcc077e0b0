"""Drawing small shapes into a voxel grid with their partial volumes: tapering tubes and balls."""

from __future__ import annotations

import numpy as np

Tubes = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Start [N, 3], end [N, 3] and radii at both ends [N, 2], mm."""

_CHUNK = 1 << 21  # candidate voxels evaluated at once, to bound memory


def stamp_tubes(
    out: np.ndarray, axes: list[np.ndarray], start: np.ndarray, end: np.ndarray, radius: np.ndarray
) -> None:
    """Draws tapering tubes: each voxel of `out` becomes the largest fraction of it that one tube fills.

    A tube thinner than a voxel fills a part of it that keeps the tube's cross-section, so that the mean density round a
    small vessel is the same at every voxel size.

    Parameters
    ----------
    out : float32 [x, y, z], contiguous
        Coverage, changed in place.
    axes : list of three arrays
        Voxel-centre coordinates in mm.
    start, end : float [N, 3]
        mm.
    radius : float [N, 2]
        At start and end, mm.
    """
    spacing = float(axes[0][1] - axes[0][0])
    start, step, radius = (np.asarray(a, np.float32) for a in (start, np.subtract(end, start), radius))
    length = np.linalg.norm(step, axis=1)
    reach = np.floor(radius.max(1) / spacing + 1.5).astype(int)
    for half in np.unique(reach):
        tubes = np.flatnonzero(reach == half)
        counts = np.ceil(length[tubes] / spacing).astype(int) + 1
        tube = np.repeat(tubes, counts)
        turn = np.arange(len(tube)) - np.repeat(np.cumsum(counts) - counts, counts)
        along = (turn / np.maximum(np.repeat(counts, counts) - 1, 1)).astype(np.float32)
        for voxel, piece in _neighbourhoods(out.shape, axes, start[tube] + along[:, None] * step[tube], half):
            which = tube[piece]
            offset = [axis[v] - s for axis, v, s in zip(axes, voxel, start[which].T, strict=True)]
            t = sum(o * d for o, d in zip(offset, step[which].T, strict=True)) / (length[which] ** 2).clip(1e-6)
            t = t.clip(0, 1)
            distance = np.sqrt(sum((o - t * d) ** 2 for o, d in zip(offset, step[which].T, strict=True)))
            r = radius[which, 0] + t * (radius[which, 1] - radius[which, 0])
            _put(out, voxel, _tube_coverage(distance, r, spacing))


def stamp_balls(out: np.ndarray, axes: list[np.ndarray], centre: np.ndarray, radius: np.ndarray) -> None:
    """Draws balls: each voxel of `out` becomes the largest fraction of it that one ball fills (see `stamp_tubes`)."""
    spacing = float(axes[0][1] - axes[0][0])
    centre, radius = np.asarray(centre, np.float32), np.asarray(radius, np.float32)
    reach = np.floor(radius / spacing + 1).astype(int)
    for half in np.unique(reach):
        balls = np.flatnonzero(reach == half)
        for voxel, piece in _neighbourhoods(out.shape, axes, centre[balls], half):
            which = balls[piece]
            squares = sum((axis[v] - c) ** 2 for axis, v, c in zip(axes, voxel, centre[which].T, strict=True))
            _put(out, voxel, (0.5 + (radius[which] - np.sqrt(squares)) / np.float32(spacing)).clip(0, 1))


def _tube_coverage(distance: np.ndarray, radius: np.ndarray, spacing: float) -> np.ndarray:
    """Fraction of a voxel at `distance` from a tube's axis that the tube fills; its integral is the tube's area."""
    outer = radius + np.float32(spacing / 2)
    ramp = ((outer - distance) / np.minimum(outer, np.float32(spacing))).clip(0, 1)
    return ramp * np.minimum(3 * (radius / outer) ** 2, 1)


def _neighbourhoods(shape, axes, points: np.ndarray, half: int):
    """In chunks: the voxels (index triples) of the cube round each of the `points`, and the point's number."""
    spacing = axes[0][1] - axes[0][0]
    origin = np.array([axis[0] for axis in axes], np.float32)
    nearest = np.rint((points - origin) / spacing).astype(np.int32)
    cube = np.stack(np.meshgrid(*[np.arange(-half, half + 1, dtype=np.int32)] * 3, indexing="ij"), -1).reshape(-1, 3)
    per_chunk = max(_CHUNK // len(cube), 1)
    for first in range(0, len(points), per_chunk):
        voxel = (nearest[first : first + per_chunk, None] + cube).reshape(-1, 3).T
        piece = np.repeat(np.arange(first, min(first + per_chunk, len(points))), len(cube))
        inside = np.logical_and.reduce([(v >= 0) & (v < n) for v, n in zip(voxel, shape, strict=True)])
        yield (voxel, piece) if inside.all() else (voxel[:, inside], piece[inside])


def _put(out: np.ndarray, voxel: np.ndarray, coverage: np.ndarray) -> None:
    touched = coverage > 0
    flat = np.ravel_multi_index(tuple(voxel[:, touched]), out.shape)
    np.maximum.at(out.reshape(-1), flat, coverage[touched])
