"""Where the landmarks are: ties between neighbours, corners instead of centres, lost subjects, scales of locations."""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial.distance import cdist

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.atlas.registration import AtlasAffine
from drasclr_core.anatomy.extraction import extract_patches
from drasclr_core.imaging.affine import affine_matrix, transform
from drasclr_core.imaging.volume import Volume
from drasclr_core.model import LocCondConv3d


def unstable_neighbors(atlas: Atlas, count: int = 2) -> np.ndarray:
    """Returns the nearest landmarks, int64 [L, count], by a sort that promises nothing about ties."""
    distance = cdist(atlas.centres, atlas.centres)
    np.fill_diagonal(distance, np.inf)
    return np.argsort(distance, axis=1)[:, :count]


def reordered_neighbors(atlas: Atlas, seed: int, count: int = 2) -> np.ndarray:
    """Returns the same with ties broken by a random order of the landmarks, which is as right as any other."""
    order = np.random.default_rng(seed).permutation(len(atlas.corners))
    reordered = Atlas(atlas.lungs, atlas.affine, atlas.corners[order], atlas.patch_size)
    neighbors = np.empty((len(order), count), dtype=np.int64)
    neighbors[order] = order[reordered.neighbors(count)]
    return neighbors


def tied(atlas: Atlas, count: int = 2) -> float:
    """Returns the share of landmarks for which the distances alone do not say which `count` are the nearest."""
    distance = cdist(atlas.corners, atlas.corners, "sqeuclidean")
    np.fill_diagonal(distance, np.inf)
    distance.sort(axis=1)
    return float((distance[:, count - 1] == distance[:, count]).mean())


def same_choice(one: np.ndarray, other: np.ndarray) -> float:
    """Returns the share of landmarks with the same set of neighbours."""
    return float((np.sort(one, axis=1) == np.sort(other, axis=1)).all(axis=1).mean())


def corner_error(scale: float, patch_mm: float = 32.0) -> float:
    """Returns how far (mm) a patch's centre is off if its corner is mapped and its size kept."""
    affine = AtlasAffine(affine_matrix(np.diag([scale] * 3), np.zeros(3)))
    corner = np.array([[40.0, -70.0, 120.0]])
    half = patch_mm / 2
    cut_from_corner = affine.to_subject(corner) + half
    return float(np.linalg.norm(cut_from_corner - affine.to_subject(corner + half)))


def padded_patches(atlas: Atlas, margin_mm: float, seed: int, subjects: int = 20, spacing: float = 4.0) -> np.ndarray:
    """Counts the patches of each subject, int [subjects], that leave a scan ending so far beyond the lungs (mm).

    Subjects differ in size and position. The authors' code drops each that has one such patch; ours pads the patch.
    """
    random, padded = np.random.default_rng(seed), []
    voxels = np.argwhere(atlas.lungs > 0)
    lungs = transform(atlas.affine, np.array([voxels.min(axis=0), voxels.max(axis=0)]))
    margins, size = np.array([60.0, 60.0, margin_mm]), round(atlas.patch_size * atlas.spacing / spacing)
    for _ in range(subjects):
        affine = AtlasAffine(affine_matrix(np.diag(random.normal(1, 0.08, 3)), random.normal(0, 10, 3)))
        low, high = affine.to_subject(lungs) + margins * [[-1], [1]]
        shape = np.ceil((high - low) / spacing).astype(int)
        scan = Volume(np.zeros(shape, dtype=np.int16), affine_matrix(np.eye(3) * spacing, low))
        padded.append(extract_patches(scan, affine.to_subject(atlas.centres), size)[1])
    return np.array(padded)


def routing_weights(locations: np.ndarray, seed: int, num_experts: int = 8) -> np.ndarray:
    """Returns the routing weights [L, E] of an untrained layer at `locations` [L, 3], which are not checked here."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layer = LocCondConv3d(1, 1, num_experts=num_experts)
    with torch.no_grad():
        return layer.routing_weights(torch.as_tensor(locations, dtype=torch.float32)).numpy()


def saturated(weights: np.ndarray) -> float:
    """Returns the share of routing weights within 0.01 of 0 or 1, where the sigmoid has no slope left."""
    return float(((weights < 0.01) | (weights > 0.99)).mean())
