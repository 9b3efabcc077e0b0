"""How near a patch's neighbours are to it in true disease, compared with patches drawn at random."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.evaluate.statistics.resampling import LEVEL, resample_counts
from drasclr_core.represent.local import centred_by_place, nearest_anywhere, nearest_at_landmark, unit_length

TRUTH = "truth"
"""The row of neighbours that are chosen by the true share itself, a ceiling."""


def neighbour_table(
    sources: dict[str, np.ndarray],
    shares: np.ndarray,
    known: np.ndarray,
    count: int = 5,
    asked: int = 1000,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Returns the mean absolute difference in true share between patches and their neighbours in other subjects.

    It is divided by that between patches of the same landmark at random (the mean over all other subjects, without
    drawing): 1 is knowing nothing but the place, 0 neighbours with exactly the same share.

    Parameters
    ----------
    sources : dict of float [S, L, C]
        By method.
    shares : float [S, L]
        Per cent.
    known : bool [S, L]
        The patches that count.
    count : int
        Neighbours of each patch.
    asked : int
        At most so many patches, drawn by `seed`, are compared with all patches anywhere.
    draws, seed : int
        Resamples of the subjects who ask; who can be found stays.

    Returns
    -------
    DataFrame
        ``method, centred, where, difference, at_random, ratio, low, high``, in points of per cent and as ratios with
        95 % intervals. `centred` says whether the place's mean was taken off the features, `where` is ``landmark`` or
        ``anywhere``. The last row, `TRUTH`, is the ceiling at the landmark.
    """
    counts = resample_counts(len(shares), draws, seed)
    some = np.argwhere(known)
    some = np.sort(np.random.default_rng(seed).permutation(len(some))[:asked])
    some = np.argwhere(known)[some]
    at_random = _at_random(shares, known)
    ways = [("landmark", *_everyone(known)), ("anywhere", some[:, 0], some[:, 1])]
    rows = []
    for method, features in sources.items():
        for centred in (False, True):
            vectors = unit_length(centred_by_place(features, known) if centred else features)
            for where, subjects, landmarks in ways:
                if where == "landmark":
                    off = _off_at_landmark(vectors, shares, known, count)
                else:
                    found = nearest_anywhere(vectors, known, subjects, landmarks, count)
                    off = _off(shares, subjects, landmarks, found.subjects, found.landmarks)
                told = _ratio(off, at_random[subjects, landmarks], subjects, counts)
                rows.append({"method": method, "centred": centred, "where": where, **told})
    subjects, landmarks = _everyone(known)
    told = _ratio(_off_by_truth(shares, known, count), at_random[subjects, landmarks], subjects, counts)
    rows.append({"method": TRUTH, "centred": False, "where": "landmark", **told})
    return pd.DataFrame(rows)


def _everyone(known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Subjects and landmarks [Q] of all patches that count, landmark by landmark."""
    landmarks, subjects = np.nonzero(known.T)
    return subjects, landmarks


def _off_at_landmark(vectors: np.ndarray, shares: np.ndarray, known: np.ndarray, count: int) -> np.ndarray:
    parts = []
    for landmark, own in enumerate(known.T):
        subjects = np.flatnonzero(own)
        found = nearest_at_landmark(vectors, known, subjects, landmark, count)
        parts.append(_off(shares, subjects, np.full(len(subjects), landmark), found.subjects, found.landmarks))
    return np.concatenate(parts)


def _off_by_truth(shares: np.ndarray, known: np.ndarray, count: int) -> np.ndarray:
    parts = []
    for landmark, own in enumerate(known.T):
        apart = _apart(shares[own, landmark])
        parts.append(np.sort(apart, axis=1)[:, :count])
    return np.concatenate([_mean_of_finite(part) for part in parts])


def _at_random(shares: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Mean absolute difference [S, L] from all other subjects at the landmark; NaN where there is nobody else."""
    mean = np.full(shares.shape, np.nan)
    for landmark, own in enumerate(known.T):
        mean[own, landmark] = _mean_of_finite(_apart(shares[own, landmark]))
    return mean


def _apart(values: np.ndarray) -> np.ndarray:
    """Absolute differences [N, N] of each from each other one; infinite from itself."""
    apart = np.abs(values[:, None] - values).astype(float)
    np.fill_diagonal(apart, np.inf)
    return apart


def _off(shares: np.ndarray, subjects, landmarks, others: np.ndarray, places: np.ndarray) -> np.ndarray:
    off = np.abs(shares[others, places] - shares[subjects, landmarks][:, None]).astype(float)
    return _mean_of_finite(np.where(others >= 0, off, np.inf))


def _mean_of_finite(values: np.ndarray) -> np.ndarray:
    there = np.isfinite(values)
    total, number = np.where(there, values, 0).sum(axis=1), there.sum(axis=1)
    return np.divide(total, number, out=np.full(len(values), np.nan), where=number > 0)


def _ratio(off: np.ndarray, at_random: np.ndarray, subjects: np.ndarray, counts: np.ndarray) -> dict[str, float]:
    both = np.isfinite(off) & np.isfinite(at_random)
    sums = [np.bincount(subjects[both], part[both], counts.shape[1]) for part in (off, at_random)]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = (counts @ sums[0]) / (counts @ sums[1])
    resampled = ratios[1:][np.isfinite(ratios[1:])]
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if len(resampled) else (np.nan, np.nan)
    return {"difference": off[both].mean(), "at_random": at_random[both].mean(), "ratio": ratios[0], "low": low,
            "high": high}  # fmt: skip
