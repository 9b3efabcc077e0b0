"""The lattice on which the fast mode evaluates the encoder: its points, its cells, and interpolation in them."""

from __future__ import annotations

from itertools import product

import numpy as np


class Lattice:
    """Every `stride`-th voxel, in a box round the lungs, and the cells between.

    A cell is the cube between eight neighbouring points, and is named by the lowest of them. All cells that hold lung
    are in the box with all their points, some of which lie beside the lungs. Voxels of the box are named by one number
    (id), which takes a third of the memory of three indices.

    Parameters
    ----------
    lungs : [x, y, z]
        Above zero in the lungs.
    stride : int
        Points lie where all three voxel indices are multiples of it.

    Attributes
    ----------
    low : int [3]
        Voxel indices of the box's first voxel.
    lungs : bool [X, Y, Z]
        The lungs in the box; the box may reach beyond the volume.
    """

    def __init__(self, lungs: np.ndarray, stride: int):
        inside = np.asarray(lungs) > 0
        reach = [np.flatnonzero(inside.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
        first, last = (np.array([line[end] for line in reach]) for end in (0, -1))
        self.stride, self.low = stride, first // stride * stride
        shape = (last // stride + 1) * stride + 1 - self.low
        self.lungs = np.zeros(shape, dtype=bool)
        part = inside[tuple(slice(start, start + size) for start, size in zip(self.low, shape, strict=True))]
        self.lungs[tuple(map(slice, part.shape))] = part

    def ids(self, points: np.ndarray) -> np.ndarray:
        """Returns int64 [N], names of voxels [N, 3]."""
        return np.ravel_multi_index(tuple((np.asarray(points) - self.low).T), self.lungs.shape)

    def points(self, ids: np.ndarray) -> np.ndarray:
        """Returns int64 [N, 3], voxel indices in the volume."""
        return np.stack(np.unravel_index(ids, self.lungs.shape), axis=-1) + self.low

    def cells(self, step: int, within: np.ndarray | None = None, parent: int = 0) -> np.ndarray:
        """Returns ids [M] of the cells of edge `step`, a divisor of the stride, that hold lung.

        With `within`, only those inside these larger cells (ids [K]), whose edge is `parent`.
        """
        cut = tuple(slice(size - 1) for size in self.lungs.shape)
        coarse = [(size - 1) // step for size in self.lungs.shape]
        x, y, z = coarse
        holds = self.lungs[cut].reshape(x, step, y, step, z, step).any(axis=(1, 3, 5))
        if within is not None:
            chosen = np.zeros([size * step // parent for size in coarse], dtype=bool)
            chosen[tuple((self.points(within) - self.low).T // parent)] = True
            for axis in range(3):
                chosen = chosen.repeat(parent // step, axis=axis)
            holds &= chosen
        return self.ids(np.argwhere(holds) * step + self.low)

    def corners(self, cells: np.ndarray, step: int) -> np.ndarray:
        """Returns ids [M, 8] of the cells' points (for step 1 [M, 1], the voxels), the lowest first, z fastest."""
        reach = (0, step) if step > 1 else (0,)
        return cells[:, None] + self.offsets(list(product(reach, repeat=3)))

    def interior(self, cells: np.ndarray, step: int) -> np.ndarray:
        """Returns ids [M, step^3] of the voxels that belong to each cell: its upper faces belong to the next."""
        return cells[:, None] + self.offsets(list(product(range(step), repeat=3)))

    def offsets(self, voxels: list[tuple[int, int, int]]) -> np.ndarray:
        """Returns int64 [N], what must be added to an id to move so many voxels [N, 3]."""
        _, y, z = self.lungs.shape
        return np.array(voxels) @ np.array([y * z, z, 1])

    def neighbours(self, voxels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the points from which a value at each voxel (ids [N]) is interpolated and their weights, [N, 8].

        Only points that are needed are named: where a voxel lies on a face of its cell, points on that face come twice.
        The trilinear weights sum to 1.
        """
        indices = self.points(voxels) - self.low
        base, share = indices // self.stride * self.stride, indices % self.stride / self.stride
        upper = np.where(share > 0, self.stride, 0)
        choice = np.array(list(product((0, 1), repeat=3)))
        points = base[:, None] + choice * upper[:, None]
        weights = np.where(choice == 1, share[:, None], 1 - share[:, None]).prod(axis=-1)
        return self.ids(points.reshape(-1, 3) + self.low).reshape(-1, 8), weights


def trilinear(corners: np.ndarray, step: int) -> np.ndarray:
    """Returns values [..., step^3] in cells (as `Lattice.interior`) from those [..., 8] at `Lattice.corners`."""
    upper = np.arange(step, dtype=corners.dtype) / step
    line = np.stack([1 - upper, upper], axis=1)  # [step, 2]
    weights = np.einsum("ia,jb,kc->abcijk", line, line, line).reshape(8, step**3)
    return corners @ weights
