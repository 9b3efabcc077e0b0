"""A volume of values known at some voxels and interpolated at the others, finer where a decision is near."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, product, repeat

import numpy as np
from scipy.special import ndtr

from drasclr_core.represent.dense.lattice import Lattice, trilinear

AT_ONCE = 1 << 21  # voxels that are interpolated at once
ROUNDS = 8  # over which the budget of refinement is spread; each round learns from the one before
FIRST_ERROR = 0.05  # of an interpolated value, until it has been seen
WORTH = 0.02
"""A cell is refined where this many decisions, or more, are expected to be corrected by each evaluation in it."""

Evaluate = Callable[[np.ndarray, int], np.ndarray]


class Field:
    """Values in the box of a lattice.

    Parameters
    ----------
    evaluate : callable
        ids [N], and how many voxels they are apart -> values float32 [N, S].

    Attributes
    ----------
    values : float32 [S, V]
        At all V voxels of the box, evaluated or interpolated; NaN where neither.
    known : bool [V]
        Which voxels were evaluated.
    """

    def __init__(self, lattice: Lattice, evaluate: Evaluate):
        self.lattice, self.evaluate = lattice, evaluate
        self.known = np.zeros(lattice.lungs.size, dtype=bool)
        self.values: np.ndarray = np.empty((0, 0), dtype=np.float32)

    def fill(self, cells: np.ndarray, step: int) -> float:
        """Evaluates the points of cells [M] of edge `step` that are not known yet, and interpolates between.

        Returns
        -------
        float
            Root mean square difference of what was evaluated from what was interpolated there before; 0 if nothing was.
        """
        points = self.lattice.corners(cells, step).ravel()
        missing, surprise = np.unique(points[~self.known[points]]), 0.0
        if len(missing):
            values = self.evaluate(missing, step).T
            if not self.values.size:
                self.values = np.full((len(values), self.known.size), np.nan, dtype=np.float32)
            before = self.values[:, missing]
            if np.isfinite(before).any():
                surprise = float(np.sqrt(np.nanmean((values - before) ** 2)))
            self.values[:, missing] = values
            self.known[missing] = True
        at_once = max(1, AT_ONCE // step**3)
        for start in range(0, len(cells) if step > 1 else 0, at_once):
            part = cells[start : start + at_once]
            inner = self.lattice.interior(part, step)
            between = trilinear(self.values[:, self.lattice.corners(part, step)], step)
            self.values[:, inner] = np.where(self.known[inner], self.values[:, inner], between)
        return surprise

    def refine(self, cells: np.ndarray, step: int, threshold: float, budget: int) -> int:
        """Divides the cells in which wrong decisions are likely, again and again, down to single voxels.

        An interpolated value is taken to be normally distributed about the true one, with the error that was seen at
        points evaluated so far. This gives the number of voxels of a cell that are expected to lie on the wrong side
        of the threshold. Cells with the most of them per evaluation are divided first.

        Parameters
        ----------
        cells : ids [M]
            Already filled.
        step : int
            Their edge. An edge is divided by its smallest prime factor.
        budget : int
            Most evaluations to spend.

        Returns
        -------
        int
            Cells that it would have been worth to divide, had there been budget.
        """
        leaves, errors, rest = {step: cells}, {step: FIRST_ERROR}, budget // 50
        for rounds in chain(range(ROUNDS, 1, -1), repeat(1)):
            taken, worthy = self._choose(leaves, errors, threshold, budget // rounds)
            if rounds == 1 and (not taken or budget <= rest):  # no further rounds for the last two per cent
                return worthy
            for step, parents in taken.items():
                smaller, known = _smaller(step), np.count_nonzero(self.known)
                parts = self.lattice.cells(smaller, parents, step)
                errors[step] = self.fill(parts, smaller) or errors[step]
                errors.setdefault(smaller, errors[step] / 2)
                budget -= np.count_nonzero(self.known) - known
                leaves[step] = np.setdiff1d(leaves[step], parents, assume_unique=True)
                leaves[smaller] = np.concatenate([leaves.get(smaller, parts[:0]), parts])

    def _choose(self, leaves: dict, errors: dict, threshold: float, budget: int) -> tuple[dict[int, np.ndarray], int]:
        """The cells to divide next, by their edge, and how many would be worth it."""
        steps = [step for step in leaves if step > 1 and len(leaves[step])]
        if not steps:
            return {}, 0
        prospects = [self._prospects(leaves[step], step, threshold, errors[step]) for step in steps]
        gain, cost = map(np.concatenate, zip(*prospects, strict=True))
        order = np.argsort(-gain, kind="stable")
        worthy = gain[order] > WORTH
        taken = np.zeros(len(gain), dtype=bool)
        taken[order] = worthy & (np.cumsum(cost[order]) <= budget)
        parts = np.split(taken, np.cumsum([len(leaves[step]) for step in steps])[:-1])
        chosen = {step: leaves[step][part] for step, part in zip(steps, parts, strict=True) if part.any()}
        return chosen, int(worthy.sum())

    def _prospects(self, cells: np.ndarray, step: int, threshold: float, error: float) -> tuple:
        """For each cell, expected wrong decisions per evaluation, and most evaluations that dividing it takes; [M]."""
        voxels = self.lattice.interior(cells, step)
        far = np.abs(self.values[:, voxels] - threshold) / max(error, 1e-6)
        undecided = self.lattice.lungs.ravel()[voxels] & ~self.known[voxels]
        wrong = (ndtr(-far) * undecided).sum(axis=(0, 2))
        corners = np.array(list(product(range(0, step + 1, _smaller(step)), repeat=3)))
        costs = (~self.known[cells[:, None] + self.lattice.offsets(corners)]).sum(axis=1)
        return wrong / np.maximum(costs, 1), costs


def _smaller(step: int) -> int:
    return step // next(factor for factor in range(2, step + 1) if step % factor == 0)
