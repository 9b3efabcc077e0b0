"""Subjects by how many of their lung regions look like each of a few typical ones (K-means of Table 2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

MOST = 50_000
"""Regions that the clusters are found from; more would change them little."""


def kmeans_features(
    regions: Sequence[np.ndarray], sids: Sequence[str], clusters: int = 32, seed: int = 0
) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """Returns the share of each subject's regions in each cluster of regions: a bag of words. No label takes part.

    Parameters
    ----------
    regions : sequence of [R_i, D]
        From `region_descriptors`.
    sids : sequence of str
    clusters : int
        Typical regions to find; fewer where there are fewer different regions.
    seed : int
        For the draw of at most 50,000 regions and for the starts of K-means.

    Returns
    -------
    features : DataFrame
        ``sid, k000, k001, ...``, each row with the sum 1.
    words : list of int [R_i]
        The cluster of each region.

    Raises
    ------
    ValueError
        A subject has no region.
    """
    empty = [sid for sid, own in zip(sids, regions, strict=True) if not len(own)]
    if empty:
        raise ValueError(f"{empty[0]} has no region inside the lung: look at its patches, or leave it out.")
    rows = np.concatenate(regions)
    sample = rows[np.random.default_rng(seed).permutation(len(rows))[:MOST]]
    clusters = min(clusters, len(np.unique(sample, axis=0)))
    found = KMeans(clusters, n_init=3, random_state=seed).fit(sample).predict(rows)
    words = np.split(found, np.cumsum([len(own) for own in regions])[:-1])
    shares = np.stack([np.bincount(own, minlength=clusters) / len(own) for own in words])
    table = pd.DataFrame(shares, columns=[f"k{index:03d}" for index in range(clusters)])
    table.insert(0, "sid", list(sids))
    return table, words
