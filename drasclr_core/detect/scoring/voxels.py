"""The paper's rule for a box: positive when a quarter of its voxels have a probability above 0.5 (section 4.3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import torch
from torch import Tensor, nn

from drasclr_core.detect.boxes.patches import BoxPatches
from drasclr_core.model.inputs import above_air, normalise
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.represent.dense import fold_batch_norm

QUARTER = 0.25
THRESHOLD = 0.5
LATTICE_VERSION = 3
"""Raise when other voxels of a box are asked, so that shares of an older version are worked out anew."""


def positive_share(probability: np.ndarray) -> np.ndarray:
    """Returns the share of the last axis above 0.5."""
    return (np.asarray(probability) > THRESHOLD).mean(axis=-1)


def box_is_positive(share: np.ndarray) -> np.ndarray:
    """Applies the paper's rule, given the share of a box's voxels with a probability above 0.5."""
    return np.asarray(share) >= QUARTER


@torch.inference_mode()
def voxel_shares(encoder: nn.Module, heads: list[Callable[[Tensor], Tensor]], patches: BoxPatches, rows: np.ndarray,
                 stride: int = 4, block: int = 8) -> np.ndarray:  # fmt: skip
    """Returns the share of the voxels of boxes that have a probability above 0.5, float [N, len(heads)].

    As on a dense map, every voxel's probability is that of the patch round it, at its own place. Places `stride` voxels
    apart are asked (`box_lattice`), each standing for the cube round it, and neighbouring ones share their kernels.

    Parameters
    ----------
    encoder : encoder of any method
        In eval mode. Its batch norm is folded first, which makes it faster.
    heads : list of callables
        Representations [P, rep_dim] -> probabilities [P], such as `Detector.probability`.
    rows : int [N]
        Which boxes.
    stride, block : int
        In voxels: 1 asks every voxel; edge of the cubes that share the kernels of their middle, 1: each its own.
    """
    folded, device = fold_batch_norm(encoder), encoder.device
    points, sizes = box_lattice(patches.size, stride, block)
    shares = np.empty((len(rows), len(heads)))
    for number, row in enumerate(rows):
        cube = normalise(above_air(torch.from_numpy(np.array(patches.hu[row])).to(device)))
        pieces = _pieces(patches, row, cube, points, sizes)
        features = torch.cat([folded(views, groups) for views, groups in pieces])
        shares[number] = [positive_share(head(features).float().cpu().numpy()) for head in heads]
    return shares


def box_lattice(size: int, stride: int, block: int) -> tuple[np.ndarray, list[int]]:
    """Returns places of a box of edge `size`, float [P, 3] in voxels, sorted by block, and how many each block has.

    They lie `stride` apart and evenly about the middle of the box: a lattice that starts at a voxel would lean to one
    side by up to half a stride, and boxes have their emphysema in the middle. So they may lie between voxels, where a
    patch of even size has its middle. With a stride of 1 they are all the voxels.
    """
    count = max(1, int(size / stride + 0.5))
    line = (size - 1 - (count - 1) * stride) / 2 + stride * np.arange(count)
    points = np.array(list(product(line, repeat=3)))
    blocks = points // block
    order = np.lexsort(blocks.T[::-1])
    return points[order], np.unique(blocks, axis=0, return_counts=True)[1].tolist()


def patch_corners(points: np.ndarray, size: int) -> np.ndarray:
    """Returns the lowest voxel int [P, 3] of the patch round each place of a box, counted in the box's cube of 2 n.

    As in a dense map, an even patch reaches one voxel further up than down from a voxel; between voxels it is even.
    """
    return np.floor(points - (size - 1) / 2 + 0.5).astype(int) + size // 2


def locations_of(patches: BoxPatches, row: int, points: np.ndarray) -> np.ndarray:
    """Returns the atlas locations float32 [P, 3], clipped to [-1, 1], of places [P, 3] of a box, in its voxels."""
    offsets = points - (patches.size - 1) / 2  # counted from the middle of the box
    return np.clip(patches.locations[row] + offsets @ patches.steps[row].T, -1, 1).astype(np.float32)


def _pieces(patches: BoxPatches, row: int, cube: Tensor, points: np.ndarray, sizes: list[int], at_once: int = 256
            ) -> Iterator[tuple[Tensor, LocationGroups]]:  # fmt: skip
    """The patches round a box's points, some whole blocks at a time, with the location of each block's middle."""
    n = patches.size
    blocks = np.split(points, np.cumsum(sizes)[:-1])
    locations = locations_of(patches, row, np.array([own.mean(axis=0) for own in blocks]))
    locations = torch.from_numpy(locations).to(cube.device)
    blocks_at_once = max(1, at_once // max(sizes))
    for start in range(0, len(blocks), blocks_at_once):
        own = slice(start, start + blocks_at_once)
        lows = patch_corners(np.concatenate(blocks[own]), n).tolist()
        views = torch.stack([cube[x : x + n, y : y + n, z : z + n] for x, y, z in lows])[:, None]
        yield views, LocationGroups(locations[own], sizes[own])
