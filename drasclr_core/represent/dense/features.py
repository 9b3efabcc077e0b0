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

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.model.encoder import Encoder
from drasclr_core.represent.dense.error import FeatureError
from drasclr_core.represent.dense.options import DEFAULT, DenseOptions
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
    clipped: int
    evaluations: int
    seconds: float
    error: FeatureError | None


def dense_features(
    scan: AlignedScan, encoder: Encoder, *, options: DenseOptions = DEFAULT, out: str | Path | None = None
) -> DenseFeatures:
    """Returns h = e(patch, location) at the lattice's points in the lungs (Eq. 10).

    The patch at a voxel is what `extract_patches` cuts at the voxel's centre; of even size, it reaches one voxel
    further up than down. The location is the voxel's centre in the atlas. At a landmark that is a voxel's centre, h is
    therefore what `patch_features` gives. At any other landmark the same patch is that of the voxel just below on each
    axis (of odd size: the nearest voxel), whose location is less than a voxel away.

    Parameters
    ----------
    scan : AlignedScan
        With the cubic voxels that the encoder was trained on.
    encoder : Encoder
        In eval mode; its description gives patch and voxel size and the atlas's box. Computation is on its device.
    out : path, optional
        A Zarr group with arrays ``features`` and ``points``, to which features are streamed instead of keeping them in
        memory. It appears under this name when it is complete.

    Raises
    ------
    ValueError
        For lungs of another shape or empty, other voxels than the encoder's, an encoder in train mode, without a
        description, or of a kind that takes no location.
    """
    started, stride = time.perf_counter(), options.stride
    plan = make_plan(scan, encoder, options, options.check)
    lattice, fast = plan.lattice, plan.fast
    wanted = np.unique(lattice.corners(lattice.cells(stride), stride))
    wanted = wanted[lattice.lungs.ravel()[wanted]]
    ids = fast.order(wanted, stride)
    points = lattice.points(ids).astype(np.int32)
    parts = (part.float().cpu().numpy() for part in fast(ids, stride, "Features"))
    attributes = {"stride": stride, "block": 1 if options.exact else options.block}
    features = collect(parts, points, encoder.rep_dim, out, attributes)
    error = None
    if plan.sample:
        beside = np.setdiff1d(plan.sample.points, wanted)
        for _ in fast(fast.order(beside, stride), stride, "Beside the lungs"):
            pass  # the sample listens
        error = plan.feature_error(plan.exact_features())
    seconds = time.perf_counter() - started
    return DenseFeatures(points, features, plan.count_clipped(), plan.evaluations, seconds, error)
