"""Branching trees that fill a lobe: airways, arteries and veins all grow by the same rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drasclr_core.cohort.phantom.anatomy.lungs import Chest
from drasclr_core.cohort.phantom.grid import FIELD_MM

LOBULE_MM = 14.0  # distance between secondary lobules (1 to 2.5 cm; Webb, Radiology 2006)


@dataclass(frozen=True)
class Tree:
    """Branches: `start`, `end` in mm [N, 3], `parent` (-1 at the root), and `leaves`, how many ends each one feeds."""

    start: np.ndarray
    end: np.ndarray
    parent: np.ndarray
    leaves: np.ndarray

    def inherit(self, values: np.ndarray) -> np.ndarray:
        """Returns `values` of each branch's parent (its own at the root)."""
        return values[np.where(self.parent < 0, np.arange(len(values)), self.parent)]


def lobules(chest: Chest, rng: np.random.Generator, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Returns centres [N, 3] in mm of the secondary lobules, a jittered lattice, and the lobe (1 to 5) of each."""
    frame = chest.lung_frame
    lattice = [np.arange(o + shift, o + n, LOBULE_MM) for o, n in zip(frame.origin, frame.size, strict=True)]
    points = np.stack(np.meshgrid(*lattice, indexing="ij"), -1).reshape(-1, 3)
    points += rng.uniform(-0.34, 0.34, points.shape) * LOBULE_MM
    cell = tuple(cells_of(chest, points).T)
    keep = chest.depth[cell] > 3
    return points[keep], chest.lobes[cell][keep]


def cells_of(chest: Chest, points: np.ndarray) -> np.ndarray:
    """Returns indices [N, 3] of the cells of the lung frame that hold the `points` (clipped to the frame)."""
    frame = chest.lung_frame
    cells = np.floor((points - frame.origin) / FIELD_MM).astype(int)
    return cells.clip(0, np.array(frame.cells) - 1)


def grow(roots: np.ndarray, targets: np.ndarray, group: np.ndarray, rng: np.random.Generator, reach=0.4) -> Tree:
    """Grows one tree per group towards all its targets (volume-filling growth; Tawhai et al., J Appl Physiol 2004).

    A branch runs a share `reach` of the way to the centre of its targets; these are then split in halves across their
    longest extent, and each half gets a branch of its own, until every target is reached.

    Parameters
    ----------
    roots : float [G, 3]
        Where each group's tree starts, mm.
    targets : float [N, 3]
        Points to reach, mm.
    group : int [N]
        Which root feeds each target.
    """
    position, parents = np.asarray(roots, float), np.full(len(roots), -1)
    member, first_branch, parts = np.asarray(group), 0, []
    while len(member):
        used, member = np.unique(member, return_inverse=True)
        position, parents = position[used], parents[used]
        count = np.bincount(member)
        centre = np.stack([np.bincount(member, targets[:, k]) for k in range(3)], 1) / count[:, None]
        step = np.where(count[:, None] > 1, reach, 1.0) * (centre - position)
        bend = 0.06 * rng.standard_normal(step.shape) * np.linalg.norm(step, axis=1, keepdims=True)
        end = position + step + bend * (count[:, None] > 1)
        parts.append((position, end, parents, count))
        live = count[member] > 1
        targets, member = targets[live], member[live]
        heading = step / np.linalg.norm(step, axis=1, keepdims=True).clip(1e-6)
        upper = _halves(targets - centre[member], member, heading)
        position, parents = np.repeat(end, 2, axis=0), np.repeat(first_branch + np.arange(len(count)), 2)
        first_branch += len(count)
        member = 2 * member + upper
    return Tree(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _halves(centred: np.ndarray, member: np.ndarray, heading: np.ndarray) -> np.ndarray:
    """0 or 1 for each target: the half of its group it is in, on either side of the branch that leads there.

    The cut is across the longest axis of the group, lengths along the branch's `heading` [G, 3] counting for less, so
    that branches fan out towards the pleura.
    """
    groups = len(heading)
    moments = np.empty((groups, 3, 3))
    for i in range(3):
        for j in range(3):
            moments[:, i, j] = np.bincount(member, centred[:, i] * centred[:, j], minlength=groups)
    shrink = np.eye(3) - 0.65 * heading[:, :, None] * heading[:, None, :]
    axis = np.linalg.eigh(shrink @ moments @ shrink)[1][:, :, -1]
    order = np.lexsort((np.einsum("nk,nk->n", centred, axis[member]), member))
    count = np.bincount(member, minlength=groups)
    rank = np.empty(len(member), int)
    rank[order] = np.arange(len(member)) - (np.cumsum(count) - count)[member[order]]
    return (rank >= (count[member] + 1) // 2).astype(int)
