"""k-means on the sphere: the clusters that DeepCluster-V2 asks for (Caron et al., NeurIPS 2020, Appendix D)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


@torch.no_grad()
def spherical_kmeans(x: Tensor, initial: Tensor, iterations: int = 10) -> tuple[Tensor, Tensor]:
    """Clusters unit vectors by their cosine to unit centroids.

    Each iteration gives every row to the centroid of the largest cosine, and then makes each centroid the normalised
    mean of its rows; one without rows stays where it is. A last assignment follows.

    Parameters
    ----------
    x : Tensor [N, C]
        Rows of unit length.
    initial : Tensor [K, C]
        Centroids to begin with.
    iterations : int

    Returns
    -------
    centroids : Tensor [K, C]
    assignments : int64 Tensor [N]

    Raises
    ------
    ValueError
        Rows and centroids are of unlike length, or there are no rows.
    """
    if x.ndim != 2 or initial.ndim != 2 or x.shape[1] != initial.shape[1] or not len(x):
        raise ValueError(f"k-means takes rows [N, C] and centroids [K, C], not {list(x.shape)} and "
                         f"{list(initial.shape)}.")  # fmt: skip
    centroids = initial
    for _ in range(iterations):
        members = F.one_hot((x @ centroids.T).argmax(dim=1), len(centroids)).to(x)
        sums, counts = members.T @ x, members.sum(dim=0)[:, None]
        centroids = F.normalize(torch.where(counts > 0, sums / counts.clamp(min=1), centroids), dim=1)
    return centroids, (x @ centroids.T).argmax(dim=1)
