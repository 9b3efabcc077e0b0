"""Subjects by how far the distribution of their lung regions lies from other subjects' (Schabdach et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from sklearn.decomposition import PCA

from drasclr_core.progress import for_each

NEIGHBOUR = 5
"""Whose distance the estimate uses, k. A larger k has less variance and more bias."""
CLOSEST = 1e-12
"""Distances of regions that are copies of each other, so that their logarithm exists."""


def kl_divergence(p: np.ndarray, q: np.ndarray, k: int = NEIGHBOUR) -> float:
    """Estimates the Kullback-Leibler divergence D(P || Q) in nats, from samples p [n, d] and q [m, d] alone.

    The estimator of Wang, Kulkarni and Verdu (2009): with rho_k and nu_k a point's distance to its k-th neighbour among
    the other points of `p` and among those of `q`, the mean of d log(nu_k / rho_k), plus log(m / (n - 1)). Consistent,
    but biased and noisy where samples are few or dimensions many; it may be negative. Raises ValueError where n is not
    above, or m is below k.
    """
    return _divergence(p, cKDTree(q), _own_distances(p, k), k)


def divergence_features(
    regions: Sequence[np.ndarray],
    sids: Sequence[str],
    components: int = 8,
    references: int = 256,
    most: int = 400,
    dimensions: int = 10,
    seed: int = 0,
    workers: int = 0,
) -> pd.DataFrame:
    """Returns one row per subject: where it lies among the others by the divergence of their regions.

    The descriptors are reduced to their first principal components, in which distances to neighbours mean something
    with some hundred regions. Then D(i || j) + D(j || i) between every subject i and the reference subjects j, drawn
    from the cohort, becomes an affinity exp(-divergence / median), and the affinities' principal components are the
    features. No label takes part.

    Parameters
    ----------
    regions : sequence of [R_i, D]
        From `region_descriptors`.
    sids : sequence of str
    components : int
        Dimensions in which divergences are estimated.
    references : int
        At most so many reference subjects; the cost is that of subjects times references.
    most : int
        Regions per subject, drawn at random where there are more.
    dimensions : int
        Features to keep; there are never more than references, and fewer than subjects.
    seed : int
        For both draws.
    workers : int
        Processes, 0 for one per core.

    Returns
    -------
    DataFrame
        ``sid, d000, d001, ...``

    Raises
    ------
    ValueError
        A subject has too few regions.
    """
    random = np.random.default_rng(seed)
    drawn = [own[np.sort(random.permutation(len(own))[:most])] for own in regions]
    rows = np.concatenate(drawn)
    reduced = PCA(min(components, *rows.shape), random_state=0).fit_transform(rows)
    points = np.split(reduced, np.cumsum([len(own) for own in drawn])[:-1])
    chosen = np.sort(random.permutation(len(points))[:references])
    known = [(cKDTree(own), _own_distances(own, NEIGHBOUR)) for own in points]
    compare = partial(_to_references, references=[(int(other), *known[other]) for other in chosen])
    everybody = [(subject, *own) for subject, own in enumerate(known)]
    divergences = np.stack(for_each(compare, everybody, "divergences", workers))
    scale = np.median(divergences[divergences > 0]) if (divergences > 0).any() else 1.0
    number = min(dimensions, len(chosen), len(points) - 1)
    features = PCA(number, svd_solver="full").fit_transform(np.exp(-divergences / scale))
    table = pd.DataFrame(features, columns=[f"d{index:03d}" for index in range(number)])
    table.insert(0, "sid", list(sids))
    return table


def _to_references(
    subject: tuple[int, cKDTree, np.ndarray], references: list[tuple[int, cKDTree, np.ndarray]]
) -> np.ndarray:
    """Symmetric divergences [M] of one subject (number, tree of its regions, their own distances) from references."""
    number, tree, own = subject
    found = np.zeros(len(references))  # 0 from itself, and never negative
    for column, (other, other_tree, other_own) in enumerate(references):
        if other != number:
            there = _divergence(tree.data, other_tree, own, NEIGHBOUR)
            back = _divergence(other_tree.data, tree, other_own, NEIGHBOUR)
            found[column] = max(there + back, 0.0)
    return found


def _own_distances(points: np.ndarray, k: int) -> np.ndarray:
    if len(points) <= k:
        raise ValueError(f"{len(points)} regions are too few: more than {k} are needed to estimate a divergence.")
    return cKDTree(points).query(points, [k + 1])[0][:, 0]


def _divergence(p: np.ndarray, q: cKDTree, own: np.ndarray, k: int) -> float:
    if q.n < k:
        raise ValueError(f"{q.n} regions are too few: at least {k} are needed to estimate a divergence.")
    other = q.query(p, [k])[0][:, 0]
    ratio = np.log(np.maximum(other, CLOSEST)) - np.log(np.maximum(own, CLOSEST))
    return float(p.shape[1] * ratio.mean() + np.log(q.n / (len(p) - 1)))
