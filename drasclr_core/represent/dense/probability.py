"""A probability at every voxel of the lungs: a head on dense features, which are not kept."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.model.encoder import Encoder
from drasclr_core.represent.dense.error import FeatureError, ProbabilityError, probability_error
from drasclr_core.represent.dense.field import Field
from drasclr_core.represent.dense.heads import check_head, probabilities
from drasclr_core.represent.dense.options import DEFAULT, DenseOptions
from drasclr_core.represent.dense.plan import Plan, make_plan
from drasclr_core.represent.dense.stratified import fill_up, strata_of


@dataclass(frozen=True)
class DenseProbability:
    """What `dense_probability` returns.

    Attributes
    ----------
    probability : float32 [x, y, z] or [S, x, y, z]
        On the volume's grid, NaN outside the lungs; with a leading axis if the head gives several columns.
    mask : bool, same shape
        Where the probability reaches the threshold.
    affine : float64 [4, 4]
        From voxel indices to RAS mm.
    clipped, evaluations, seconds
        As in `DenseFeatures`.
    unrefined : int
        Cells that it would have been worth to halve, had there been budget.
    feature_error : FeatureError or None
        Of features interpolated on the lattice, before any refinement; of the half of the voxels to check that is drawn
        from all lungs.
    error : ProbabilityError or None
        Of the probabilities returned. Both errors are None in exact mode or without `check`.
    """

    probability: np.ndarray
    mask: np.ndarray
    affine: np.ndarray
    clipped: int
    evaluations: int
    seconds: float
    unrefined: int
    feature_error: FeatureError | None
    error: ProbabilityError | None


def dense_probability(
    scan: AlignedScan, encoder: Encoder, head, *, options: DenseOptions = DEFAULT
) -> DenseProbability:
    """Returns the probability head(h) at every voxel of the lungs, and the mask where it reaches the threshold.

    In the fast mode the lattice has points just beside the lungs too, so that every lung voxel lies between points.
    Probabilities are interpolated between them. Cells in which wrong decisions are likely are then halved, again and
    again, down to single voxels; blocks shrink with them.

    Parameters
    ----------
    scan, encoder
        As in `dense_features`.
    head : nn.Module, classifier with ``predict_proba``, or callable
        Features [N, C] -> probabilities [N] or [N, S] (see `drasclr_core.represent.dense.heads.probabilities`).

    Raises
    ------
    ValueError
        As `dense_features`, and for a head in train mode or one that does not give probabilities.
    TypeError
        For something that is no head.
    """
    started = time.perf_counter()
    check_head(head)
    options = replace(options, stride=1) if options.exact else options
    plan = make_plan(scan, encoder, options, options.check // 2)

    def evaluate(ids: np.ndarray, step: int) -> np.ndarray:
        order = plan.fast.order(ids, step)
        values = np.concatenate([probabilities(head, part) for part in plan.fast(order, step, f"Every {step}")])
        return values[np.argsort(order)]  # ids come sorted

    field, cells = Field(plan.lattice, evaluate), plan.lattice.cells(options.stride)
    field.fill(cells, options.stride)
    budget = int(options.budget * field.known.sum())
    unrefined = field.refine(cells, options.stride, options.threshold, budget)
    errors = _measure(plan, field, head, options) if plan.sample else (None, None)
    probability = _on_grid(field, plan, scan.volume.array.shape)
    return DenseProbability(
        probability=probability,
        mask=probability >= options.threshold,
        affine=scan.volume.affine,
        clipped=plan.count_clipped(),
        evaluations=plan.evaluations,
        seconds=time.perf_counter() - started,
        unrefined=unrefined,
        feature_error=errors[0],
        error=errors[1],
    )


def _measure(plan: Plan, field: Field, head, options: DenseOptions) -> tuple[FeatureError, ProbabilityError]:
    """Checks the sample of all lungs, with features, and as many voxels again where decisions are close."""
    features, lungs = plan.exact_features(), np.flatnonzero(plan.lattice.lungs)
    strata = strata_of(field.values[:, lungs].T, options.threshold)
    drawn = np.searchsorted(lungs, plan.sample.voxels)
    rng = np.random.default_rng([options.seed, 1])  # other numbers than those that chose the sample
    added = fill_up(strata, drawn, options.check - len(drawn), rng)
    exact = probabilities(head, features)
    if len(added):
        exact = np.concatenate([exact, probabilities(head, plan.own.all(lungs[added], 1, "Error"))])
    rows, sizes = np.concatenate([drawn, added]), np.bincount(strata)
    fast = field.values[:, lungs[rows]].T
    return plan.feature_error(features), probability_error(
        fast, exact, strata[rows], sizes, options.threshold, options.seed
    )


def _on_grid(field: Field, plan: Plan, shape: tuple[int, ...]) -> np.ndarray:
    """The field's values at lung voxels, on the volume's grid."""
    box = plan.lattice.lungs.shape
    whole = np.full((len(field.values), *shape), np.nan, dtype=np.float32)
    part = whole[(slice(None), *(slice(low, low + size) for low, size in zip(plan.lattice.low, box, strict=True)))]
    cut = tuple(map(slice, part.shape[1:]))  # the box may reach beyond the volume
    for into, values in zip(part, field.values, strict=True):
        np.copyto(into, values.reshape(box)[cut], where=plan.lattice.lungs[cut])
    return whole[0] if len(whole) == 1 else whole
