"""Representations at every voxel of the lungs (paper Eq. 10), exact or fast.

Zero padding inside each patch makes its features depend on where the patch ends, so overlapping patches cannot share
work: each voxel costs a whole pass of the encoder. The fast mode evaluates a lattice of voxels, holds the kernels
constant on blocks, folds batch norm into them, and measures how far it is from the exact mode on random voxels of the
same scan.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import zarr

from drasclr_core.imaging.volume import Volume
from drasclr_core.model.encoder import Encoder
from drasclr_core.represent.dense.error import FeatureError
from drasclr_core.represent.dense.plan import make_plan
from drasclr_core.represent.dense.rows import collect


@dataclass(frozen=True)
class DenseFeatures:
    """What `dense_features` returns.

    Attributes
    ----------
    points : int32 [N, 3]
        Voxel indices, block by block.
    features : float32 [N, C]
        h at these voxels: a NumPy array, or the Zarr array on disk.
    stride, block : int
        As asked for; block 1 in exact mode.
    clipped : int
        Lung voxels outside the atlas's box, at which the nearest location in it is taken.
    evaluations : int
        Patches that went through the encoder, those of the error's measurement included.
    seconds : float
    error : FeatureError or None
        Of features interpolated between points of the lattice; None in exact mode or without `check`.
    """

    points: np.ndarray
    features: np.ndarray | zarr.Array
    stride: int
    block: int
    clipped: int
    evaluations: int
    seconds: float
    error: FeatureError | None


def dense_features(volume: Volume, lungs: np.ndarray, affine, encoder: Encoder, stride: int = 4, block: int = 8,
                   exact: bool = False, out: str | Path | None = None, check: int = 300, seed: int = 0,
                   batch_size: int | None = None, box=None, border: bool = False) -> DenseFeatures:  # fmt: skip
    """h = e(patch, location) at every `stride`-th voxel of the lungs (Eq. 10).

    The patch at a voxel is what `extract_patches` cuts at the voxel's centre; of even size, it reaches one voxel
    further up than down. The location is the voxel's centre in the atlas. At a landmark that is a voxel's centre, h is
    therefore what `patch_features` gives. At any other landmark the same patch is that of the voxel just below on each
    axis (of odd size: the nearest voxel), whose location is less than a voxel away.

    Parameters
    ----------
    volume : Volume
        RAS+, HU, with the cubic voxels that the encoder was trained on.
    lungs : uint8 [x, y, z]
        Above zero in the lungs, on the volume's grid.
    affine : Affine
        Of this subject; its `to_atlas` maps RAS mm to the atlas.
    encoder : Encoder
        In eval mode; its description gives patch and voxel size and the atlas's box. Computation is on its device.
    stride : int
        Points lie where all three voxel indices are multiples of it; 1 is every voxel.
    block : int
        Edge in voxels, in whole strides, of the blocks on which kernels are held constant: those of the middle of the
        block's points (fast mode). Up to the stride: each point has its own.
    exact : bool
        Every point gets its own location's kernels, and batch norm is not folded; `block` is then ignored.
    out : path, optional
        Stream the features to a Zarr group with arrays ``features`` and ``points``, instead of keeping them in memory.
        It appears under this name when it is complete.
    check, seed : int
        The error is measured on this many random lung voxels; 0 leaves it out.
    batch_size : int, optional
        Patches at once; by default what is fast on the device.
    box : [[x, y, z], [x, y, z]], optional
        Atlas RAS mm that become -1 and +1; by default the encoder's ``location_box_mm``.
    border : bool
        Also represent the points just beside the lungs that interpolation inside them needs.

    Raises
    ------
    ValueError
        For lungs of another shape or empty, other voxels than the encoder's, a stride or block below 1, an encoder in
        train mode or without a description.
    """
    started = time.perf_counter()
    plan = make_plan(volume, lungs, affine, encoder, stride, block, exact, check, seed, batch_size, box)
    lattice, fast, probe = plan.lattice, plan.fast, plan.probe
    wanted = np.unique(lattice.corners(lattice.cells(stride), stride))
    if not border:
        wanted = wanted[lattice.lungs.ravel()[wanted]]
    ids = fast.order(wanted, stride)
    points = lattice.points(ids).astype(np.int32)
    block = 1 if exact else block
    parts = (part.float().cpu().numpy() for part in fast(ids, stride, "Features"))
    features = collect(parts, points, encoder.rep_dim, out, {"stride": stride, "block": block})
    error = None
    if probe:
        beside = np.setdiff1d(probe.points, wanted)
        for _ in fast(fast.order(beside, stride), stride, "Beside the lungs"):
            pass  # the probe listens
        error = plan.feature_error(plan.exact_features())
    return DenseFeatures(
        points=points,
        features=features,
        stride=stride,
        block=block,
        clipped=plan.count_clipped(),
        evaluations=plan.evaluations,
        seconds=time.perf_counter() - started,
        error=error,
    )
