"""The main directions in which patches depart from other people's at their place, and what they go with."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from drasclr_core.evaluate.statistics.resampling import LEVEL, resample_counts
from drasclr_core.represent.local import centred_by_place
from drasclr_core.represent.local.measures import LocalMeasures


class Components:
    """Principal components of what is left of h once the mean of the place is taken off, by the patches of a cohort.

    Each is turned so that it grows with LAA-950.

    Parameters
    ----------
    features : float [S, L, C]
    measures : LocalMeasures
        Of the same patches.
    among : int [M]
        The subjects that they are fitted on, and whose means are taken.
    count : int
        How many components.
    """

    def __init__(self, features: np.ndarray, measures: LocalMeasures, among: np.ndarray, count: int = 3):
        known = np.zeros_like(measures.known)
        known[among] = measures.known[among]
        left, dark = centred_by_place(features, known)[known], np.nan_to_num(measures.laa950)[..., None]
        self.pca = PCA(count, random_state=0).fit(left)
        follows = centred_by_place(dark, known)[known][:, 0] @ self.pca.transform(left)
        self.signs = np.where(follows < 0, -1.0, 1.0)

    def __call__(self, left: np.ndarray) -> np.ndarray:
        """Returns components float [..., K] of features [..., C] less the mean of their place."""
        flat = self.pca.transform(left.reshape(-1, left.shape[-1])) * self.signs
        return flat.reshape(*left.shape[:-1], -1)


def place_share(features: np.ndarray, known: np.ndarray) -> float:
    """Returns the share of the variance of h, 0 to 1, that lies between the means of the places.

    `features` is h, float [S, L, C], and `known`, bool [S, L], says which patches count.
    """
    whole = (features - features[known].mean(axis=0))[known]
    return float(1 - (centred_by_place(features, known)[known] ** 2).sum() / (whole**2).sum())


def component_table(
    components: Components, features: np.ndarray, measures: LocalMeasures, draws: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Returns what each component goes with, among the patches of one place.

    Parameters
    ----------
    components : Components
    features : float [S, L, C]
        h of S subjects at L landmarks.
    measures : LocalMeasures
        Of the same patches.
    draws, seed : int
        Of the bootstrap over subjects.

    Returns
    -------
    DataFrame
        ``component`` (from 1), ``variance`` (its share of what is left of the variance of h), and for ``laa950`` and,
        where the truth is known, ``emphysema`` and ``lookalike`` the correlation with it, with ``_low`` and ``_high``
        (95 %, subjects resampled). NaN where nothing varies.
    """
    known = measures.known
    values = components(centred_by_place(features, known))
    counts = resample_counts(len(known), draws, seed)
    others = {"laa950": measures.laa950}
    others |= {name: measures.truth[name] for name in ("emphysema", "lookalike") if name in measures.truth}
    rows = []
    for number, variance in enumerate(components.pca.explained_variance_ratio_):
        own, row = _left(values[..., number], known), {"component": number + 1, "variance": variance}
        for name, share in others.items():
            other = _left(share, known)
            sums = [counts @ (a * b).sum(axis=1) for a, b in ((own, other), (own, own), (other, other))]
            with np.errstate(invalid="ignore", divide="ignore"):
                drawn = sums[0] / np.sqrt(sums[1] * sums[2])
            ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
            low, high = np.nanquantile(drawn[1:], ends) if np.isfinite(drawn[0]) else (np.nan, np.nan)
            row |= {name: drawn[0], f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    return pd.DataFrame(rows)


def _left(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Values [S, L] less the mean of their place; 0 where they are not known."""
    return np.where(known, centred_by_place(np.where(known, values, 0)[..., None], known)[..., 0], 0)
