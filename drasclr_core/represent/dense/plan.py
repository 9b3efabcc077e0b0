"""What both dense functions set up: the lattice, the scan, and the two ways to evaluate the encoder on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from torch import Tensor

from drasclr_core.imaging.volume import Volume
from drasclr_core.model.encoder import Encoder
from drasclr_core.represent.dense.error import FeatureError, Probe, feature_error
from drasclr_core.represent.dense.evaluator import Evaluator
from drasclr_core.represent.dense.folding import fold_batch_norm
from drasclr_core.represent.dense.lattice import Lattice
from drasclr_core.represent.dense.scan import Scan, check_input


class Plan(NamedTuple):
    """`fast` evaluates the lattice, `own` gives every voxel its own kernels; in exact mode they are the same.

    `probe` is None where no error is to be measured; else it hears all that `fast` evaluates.
    """

    lattice: Lattice
    scan: Scan
    fast: Evaluator
    own: Evaluator
    probe: Probe | None

    @property
    def evaluations(self) -> int:
        return sum(evaluator.evaluations for evaluator in {self.fast, self.own})

    def count_clipped(self) -> int:
        """Lung voxels outside the box of the atlas."""
        return self.scan.count_clipped(np.flatnonzero(self.lattice.lungs))

    def exact_features(self) -> Tensor:
        """Features [N, C] of the probe's voxels, in exact mode, on the encoder's device."""
        return self.own.all(self.probe.voxels, 1, "Error")

    def feature_error(self, exact: Tensor) -> FeatureError:
        """Of interpolation at the probe's voxels, given their exact features."""
        return feature_error(self.probe.interpolated(), exact.float().cpu().numpy())


def make_plan(volume: Volume, lungs: np.ndarray, affine, encoder: Encoder, stride: int, block: int, exact: bool,
              check: int, seed: int, batch_size: int | None, box) -> Plan:  # fmt: skip
    """Check the arguments of `dense_features` or `dense_probability`, and set up what they need."""
    for name, value, least in (("stride", stride, 1), ("block", block, 1), ("check", check, 0)):
        if value != int(value) or value < least:
            raise ValueError(f"{name} is {value}; it must be a whole number, at least {least}.")
    check_input(volume, lungs, encoder, box)
    lattice = Lattice(lungs, stride)
    scan = Scan(volume, affine, lattice, encoder, box)
    own = Evaluator(scan, encoder, 1, batch_size)
    if exact:
        return Plan(lattice, scan, own, own, None)
    fast = Evaluator(scan, fold_batch_norm(encoder), max(1, block // stride), batch_size)
    probe = Probe(lattice, check, seed, encoder.rep_dim) if check else None
    fast.listen = probe.listen if probe else None
    return Plan(lattice, scan, fast, own, probe)
