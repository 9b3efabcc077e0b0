"""The graph of a subject's landmarks, and a convolution on it (Sun et al. 2021; Kipf and Welling 2017)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from scipy.spatial.distance import pdist
from torch import Tensor, nn

PUBLISHED_EDGE = 32 / 26
"""Edge of a patch in steps of the grid of landmarks: 32 and 26 voxels of 1 mm."""


def overlaps(centres: np.ndarray, edge: float) -> np.ndarray:
    """Returns which part of a cube another one of the same size covers, float [L, L]; 1 on the diagonal.

    Parameters
    ----------
    centres : float [L, 3]
        In mm.
    edge : float
        Of the cubes, in mm.
    """
    centres = np.asarray(centres, dtype=float)
    shared = (edge - np.abs(centres[:, None] - centres)).clip(min=0)
    return shared.prod(axis=-1) / edge**3


def graph_edges(centres: np.ndarray, patch_mm: float, threshold: float) -> list[list[int]]:
    """Returns the pairs of landmarks whose patches overlap by more than a `threshold`, each pair once.

    Patches that lie farther apart than the published ones are taken as large as those are, measured in steps of the
    grid (`PUBLISHED_EDGE`): patches that do not overlap would make a graph without edges.

    Parameters
    ----------
    centres : float [L, 3]
        The landmarks, in mm.
    patch_mm : float
        Edge of a patch.
    threshold : float
        Part of a patch.
    """
    step = pdist(np.asarray(centres, dtype=float)).min() if len(centres) > 1 else 0.0
    shared = overlaps(centres, max(patch_mm, step * PUBLISHED_EDGE))
    return np.argwhere(np.triu(shared > threshold, 1)).tolist()


def normalised_adjacency(landmarks: int, edges: Sequence[Sequence[int]]) -> Tensor:
    """Returns D^-1/2 (A + I) D^-1/2, float32 [L, L], D the degrees with the loops of I counted."""
    adjacency = torch.eye(landmarks)
    if len(edges):
        one, other = torch.tensor(edges).T
        adjacency[one, other] = adjacency[other, one] = 1.0
    scale = adjacency.sum(dim=1).rsqrt()
    return scale[:, None] * adjacency * scale


class GraphNet(nn.Module):
    """One graph convolution, batch norm over the nodes of all graphs, ELU, mean over nodes.

    Parameters
    ----------
    width : int
        Numbers of a node, before and after.
    landmarks : int
        Nodes of every graph.
    edges : list of [int, int]
        Which nodes are neighbours.
    """

    def __init__(self, width: int, landmarks: int, edges: Sequence[Sequence[int]]):
        super().__init__()
        self.linear = nn.Linear(width, width, bias=False)
        self.bias = nn.Parameter(torch.zeros(width))
        self.norm = nn.BatchNorm1d(width)
        nn.init.xavier_uniform_(self.linear.weight)
        self.register_buffer("adjacency", normalised_adjacency(landmarks, edges), persistent=False)

    def convolve(self, nodes: Tensor) -> Tensor:
        """Returns D^-1/2 (A + I) D^-1/2 X W + b of nodes X [N, L, C], as many numbers."""
        return self.adjacency.to(nodes) @ self.linear(nodes) + self.bias

    def forward(self, nodes: Tensor) -> Tensor:
        """Returns one row for each graph [N, C] of nodes [N, L, C]."""
        return F.elu(self.norm(self.convolve(nodes).mT)).mean(dim=2)
