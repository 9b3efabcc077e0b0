"""How far the fast mode is from the exact one, measured on random voxels of the same scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from torch import Tensor

from drasclr_core.represent.dense.lattice import Lattice


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
class ProbabilityError:
    """Absolute difference of probabilities, over random lung voxels (and classes).

    Attributes
    ----------
    voxels : int
    mean, p95, max : float
    mean_interval : (float, float)
        95 % bootstrap interval of the mean, over voxels.
    decisions : float
        Share of voxels that the other mode puts on the other side of the threshold (for any class).
    decisions_interval : (float, float)
        95 % Wilson interval of this share.
    """

    voxels: int
    mean: float
    p95: float
    max: float
    mean_interval: tuple[float, float]
    decisions: float
    decisions_interval: tuple[float, float]


class SampledVoxels:
    """Random lung voxels, and the features of the points round them as they come by.

    Parameters
    ----------
    count, seed : int
        How many voxels (at most all), and which.
    """

    def __init__(self, lattice: Lattice, count: int, seed: int, rep_dim: int):
        lungs = np.flatnonzero(lattice.lungs)
        count = min(count, len(lungs))
        self.voxels = np.sort(np.random.default_rng(seed).choice(lungs, count, replace=False))
        neighbours, self.weights = lattice.neighbours(self.voxels)
        self.points, inverse = np.unique(neighbours, return_inverse=True)
        self.corners = inverse.reshape(neighbours.shape)
        self.features = np.full((len(self.points), rep_dim), np.nan, dtype=np.float32)

    def listen(self, ids: np.ndarray, features: Tensor) -> None:
        """Keeps those of the features [N, C] of voxels [N] that interpolation at these voxels needs."""
        wanted = np.isin(ids, self.points)
        if wanted.any():
            chosen = features[np.flatnonzero(wanted)]
            self.features[np.searchsorted(self.points, ids[wanted])] = chosen.float().cpu().numpy()

    def interpolated(self) -> np.ndarray:
        """Returns features [N, C] at the voxels, trilinear between the points."""
        return np.einsum("np,npc->nc", self.weights, self.features[self.corners])


def feature_error(fast: np.ndarray, exact: np.ndarray) -> FeatureError:
    """Returns the error of features [N, C] of the same voxels."""
    population = np.sqrt(((exact - exact.mean(axis=0)) ** 2).sum(axis=1).mean())
    distance = np.linalg.norm(fast - exact, axis=1) / population
    return FeatureError(len(exact), float(distance.mean()), float(np.sqrt((distance**2).mean())), float(distance.max()))


def probability_error(fast: np.ndarray, exact: np.ndarray, threshold: float, seed: int = 0) -> ProbabilityError:
    """Returns the error of probabilities [N, S] of the same voxels."""
    difference = np.abs(fast - exact)
    means = difference.mean(axis=1)
    again = np.random.default_rng(seed).choice(means, (2000, len(means))).mean(axis=1)
    other = ((fast >= threshold) != (exact >= threshold)).any(axis=1)
    interval = stats.binomtest(int(other.sum()), len(other)).proportion_ci(method="wilson")
    return ProbabilityError(
        voxels=len(exact),
        mean=float(difference.mean()),
        p95=float(np.percentile(difference, 95)),
        max=float(difference.max()),
        mean_interval=tuple(np.percentile(again, [2.5, 97.5]).tolist()),
        decisions=float(other.mean()),
        decisions_interval=(float(interval.low), float(interval.high)),
    )
