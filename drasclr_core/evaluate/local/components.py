"""The main directions along which patches differ, and what they have to do with place and with disease."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from drasclr_core.evaluate.statistics.resampling import LEVEL, resample_counts
from drasclr_core.represent.local import LocalMeasures, centred_by_place


class Components:
    """Principal components of h over the patches of a cohort, each turned so that it grows with LAA-950.

    Parameters
    ----------
    features : float [S, L, C]
    measures : LocalMeasures
        Of the same patches.
    among : int [M]
        The subjects that they are fitted on.
    count : int
        How many components.
    """

    def __init__(self, features: np.ndarray, measures: LocalMeasures, among: np.ndarray, count: int = 3):
        known = np.zeros_like(measures.known)
        known[among] = measures.known[among]
        self.pca = PCA(count, random_state=0).fit(features[known])
        follows = np.array([np.corrcoef(values, measures.laa950[known])[0, 1]
                            for values in self.pca.transform(features[known]).T])  # fmt: skip
        self.signs = np.where(follows < 0, -1.0, 1.0)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Returns components float [..., K] of features [..., C]."""
        flat = self.pca.transform(features.reshape(-1, features.shape[-1])) * self.signs
        return flat.reshape(*features.shape[:-1], -1)


def component_table(
    components: Components, features: np.ndarray, measures: LocalMeasures, draws: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Returns what each component has to do with place, density and true disease.

    Returns
    -------
    DataFrame
        ``component`` (from 1), ``variance`` (its share of the variance of h), ``place`` (the share of the component's
        variance that lies between the landmarks' means), and for ``laa950`` and, where the truth is known,
        ``emphysema`` and ``lookalike`` the correlation with it of what is left at a place, with ``_low`` and ``_high``
        (95 %, subjects resampled). NaN where nothing varies.
    """
    known, values = measures.known, components(features)
    counts = resample_counts(len(known), draws, seed)
    whole = np.where(known[..., None], values - values[known].mean(axis=0), 0)
    left = np.where(known[..., None], centred_by_place(values, known), 0)
    others = {"laa950": measures.laa950} | {name: measures.truth[name] for name in ("emphysema", "lookalike")
                                            if name in measures.truth}  # fmt: skip
    others = {name: np.where(known, centred_by_place(np.where(known, share, 0)[..., None], known)[..., 0], 0)
              for name, share in others.items()}  # fmt: skip
    rows = []
    for number in range(values.shape[2]):
        own, total = left[..., number], (whole[..., number] ** 2).sum()
        row = {"component": number + 1, "variance": components.pca.explained_variance_ratio_[number],
               "place": 1 - (own**2).sum() / total if total else np.nan}  # fmt: skip
        for name, other in others.items():
            sums = [counts @ (a * b).sum(axis=1) for a, b in ((own, other), (own, own), (other, other))]
            with np.errstate(invalid="ignore", divide="ignore"):
                drawn = sums[0] / np.sqrt(sums[1] * sums[2])
            ends = (
                np.nanquantile(drawn[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if np.isfinite(drawn[0]) else [np.nan] * 2
            )
            row |= {name: drawn[0], f"{name}_low": ends[0], f"{name}_high": ends[1]}
        rows.append(row)
    return pd.DataFrame(rows)
