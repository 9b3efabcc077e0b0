"""What both dense functions set up: the lattice, the scan, and the two ways to evaluate the encoder on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from torch import Tensor

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.model.encoder import Encoder
from drasclr_core.represent.dense.error import FeatureError, feature_error
from drasclr_core.represent.dense.evaluator import Evaluator
from drasclr_core.represent.dense.folding import fold_batch_norm
from drasclr_core.represent.dense.lattice import Lattice
from drasclr_core.represent.dense.options import DenseOptions
from drasclr_core.represent.dense.sampled_voxels import SampledVoxels
from drasclr_core.represent.dense.voxel_inputs import VoxelInputs, check_input


class Plan(NamedTuple):
    """`fast` evaluates the lattice, `own` gives every voxel its own kernels; in exact mode they are the same.

    `sample` is None where no error is to be measured; else it hears all that `fast` evaluates.
    """

    lattice: Lattice
    inputs: VoxelInputs
    fast: Evaluator
    own: Evaluator
    sample: SampledVoxels | None

    @property
    def evaluations(self) -> int:
        return sum(evaluator.evaluations for evaluator in {self.fast, self.own})

    def count_clipped(self) -> int:
        """Counts the lung voxels outside the box of the atlas."""
        return self.inputs.count_clipped(np.flatnonzero(self.lattice.lungs))

    def exact_features(self) -> Tensor:
        """Returns features [N, C] of the sampled voxels, in exact mode, on the encoder's device."""
        return self.own.all(self.sample.voxels, 1, "Error")

    def feature_error(self, exact: Tensor) -> FeatureError:
        """Returns the error of interpolation at the sampled voxels, given their exact features."""
        return feature_error(self.sample.interpolated(), exact.float().cpu().numpy())


def make_plan(scan: AlignedScan, encoder: Encoder, options: DenseOptions, check: int) -> Plan:
    """Checks scan and encoder, and sets up what dense features and probabilities need, sampling `check` voxels."""
    check_input(scan, encoder)
    lattice = Lattice(scan.lungs, options.stride)
    inputs = VoxelInputs(scan, lattice, encoder)
    own = Evaluator(inputs, encoder, 1, options.batch_size)
    if options.exact:
        return Plan(lattice, inputs, own, own, None)
    points_per_edge = max(1, options.block // options.stride)
    fast = Evaluator(inputs, fold_batch_norm(encoder), points_per_edge, options.batch_size)
    sample = SampledVoxels(lattice, check, options.seed, encoder.rep_dim) if check else None
    fast.listen = sample.listen if sample else None
    return Plan(lattice, inputs, fast, own, sample)
