"""How far the fast mode is from the exact one, measured on voxels of the same scan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from drasclr_core.represent.dense.stratified import EDGES, stratified_mean, stratified_share


@dataclass(frozen=True)
class FeatureError:
    """Distance of interpolated from exact features, in population standard deviations of h.

    The distance |h_fast - h| is divided by the root mean square distance of exact h from their mean over the same
    voxels, so that an error of 1 means: no better than taking the mean.

    Attributes
    ----------
    voxels : int
        How many random lung voxels were compared.
    mean, rms, max : float
    """

    voxels: int
    mean: float
    rms: float
    max: float


@dataclass(frozen=True)
class Stratum:
    """The lung voxels whose probability has about the same distance from the threshold, and what was checked of them.

    Attributes
    ----------
    nearest, farthest : float
        Between which distances they lie.
    size, voxels : int
        How many there are, and how many were checked.
    wrong : int
        Checked ones that the other mode puts on the other side of the threshold (for any class).
    """

    nearest: float
    farthest: float
    size: int
    voxels: int
    wrong: int


@dataclass(frozen=True)
class ProbabilityError:
    """Absolute difference of probabilities over the lungs (and classes), estimated from checked voxels.

    Most are checked where decisions are close. Every estimate weighs each stratum by its size, so that it is of all
    lung voxels (see `drasclr_core.represent.dense.stratified`).

    Attributes
    ----------
    voxels : int
        How many were checked.
    mean, p95 : float
        Of all lung voxels, estimated.
    max : float
        Of the checked ones.
    mean_interval : (float, float)
        95 % bootstrap interval of the mean, over voxels.
    decisions : float
        Share of the lung voxels that the other mode puts on the other side of the threshold (for any class).
    decisions_interval : (float, float)
        95 % interval of this share (see `stratified_share`).
    dice : float or None
        Overlap of both modes' masks: 1 - wrong / (both masks' sizes). None for several classes, and for empty masks.
    dice_interval : (float, float) or None
        The Dice at the ends of `decisions_interval`.
    strata : tuple of Stratum
        The nearest to the threshold first; without those that hold no voxel.
    """

    voxels: int
    mean: float
    p95: float
    max: float
    mean_interval: tuple[float, float]
    decisions: float
    decisions_interval: tuple[float, float]
    dice: float | None
    dice_interval: tuple[float, float] | None
    strata: tuple[Stratum, ...]


def feature_error(fast: np.ndarray, exact: np.ndarray) -> FeatureError:
    """Returns the error of features [N, C] of the same voxels."""
    population = np.sqrt(((exact - exact.mean(axis=0)) ** 2).sum(axis=1).mean())
    distance = np.linalg.norm(fast - exact, axis=1) / population
    return FeatureError(len(exact), float(distance.mean()), float(np.sqrt((distance**2).mean())), float(distance.max()))


def probability_error(
    fast: np.ndarray, exact: np.ndarray, strata: np.ndarray, sizes: np.ndarray, threshold: float, seed: int = 0
) -> ProbabilityError:
    """Returns the error of probabilities of the checked voxels.

    Parameters
    ----------
    fast, exact : [N, S]
        Of the checked voxels: in the map, and exact.
    strata : int [N]
        The stratum of each by its probability in the map (see `strata_of`).
    sizes : int [H]
        Lung voxels in each stratum.
    threshold : float
    seed : int
        Of the bootstrap.
    """
    difference, ours, theirs = np.abs(fast - exact), fast >= threshold, exact >= threshold
    wrong, checked = (ours != theirs).any(axis=1), np.bincount(strata, minlength=len(sizes))
    table = tuple(
        Stratum(*EDGES[k : k + 2], int(sizes[k]), int(checked[k]), int(wrong[strata == k].sum()))
        for k in np.flatnonzero(sizes)
    )
    share = stratified_share(*np.array([(row.size, row.voxels, row.wrong) for row in table]).T)
    weights = (sizes / np.maximum(checked, 1))[strata]
    mean, interval = stratified_mean(difference.mean(axis=1), strata, sizes, seed)
    spread = np.repeat(weights, difference.shape[1])
    both = float(weights @ (ours.mean(axis=1) + theirs.mean(axis=1)) / weights.sum())
    dice = [max(0.0, 1 - wrong / both) for wrong in share] if fast.shape[1] == 1 and both else None
    return ProbabilityError(
        voxels=len(exact),
        mean=mean,
        p95=float(np.quantile(difference.ravel(), 0.95, weights=spread, method="inverted_cdf")),
        max=float(difference.max()),
        mean_interval=interval,
        decisions=share.share,
        decisions_interval=(share.low, share.high),
        dice=dice[0] if dice else None,
        dice_interval=(dice[2], dice[1]) if dice else None,
        strata=table,
    )


def decisions_by_distance(maps: Iterable[Iterable[Stratum | Mapping]]) -> pd.DataFrame:
    """Returns how many decisions are wrong near the threshold and far from it, over several maps.

    Parameters
    ----------
    maps : iterable
        The strata of each map, as in `ProbabilityError.strata` or as dicts with the same names.

    Returns
    -------
    DataFrame
        A row for each stratum and one for all (the last; ``nearest, farthest`` from 0 to 1): ``nearest, farthest,
        size`` (lung voxels of all maps), ``voxels`` (checked), ``wrong`` (of these), and ``share, low, high``: the
        share of all its voxels that are wrong and its 95 % interval (`stratified_share`; each stratum of each map is
        one).
    """
    table = pd.DataFrame([one if isinstance(one, Mapping) else asdict(one) for strata in maps for one in strata])
    parts = [*table.groupby(["nearest", "farthest"]), ((0.0, 1.0), table)]
    return pd.DataFrame([
        {"nearest": nearest, "farthest": farthest, **part[["size", "voxels", "wrong"]].sum(),
         **stratified_share(part["size"], part["voxels"], part["wrong"])._asdict()}
        for (nearest, farthest), part in parts
    ]).astype({"size": int, "voxels": int, "wrong": int})  # fmt: skip
