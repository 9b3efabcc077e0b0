"""A small scan and small encoders for dense maps."""

import numpy as np
import pytest
import torch

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.imaging.volume import Volume
from drasclr_core.model import Encoder


@pytest.fixture(scope="session")
def make_encoder():
    """Makes random encoders of 8 features for patches of 4 mm voxels; their batch norms know a few patches."""

    def make(conditioning: str = "loc-condconv", size: int = 8) -> Encoder:
        torch.manual_seed(0)
        encoder = Encoder(rep_dim=8, num_experts=2, conditioning=conditioning)
        for block in encoder.blocks:
            block.norm.momentum = None  # the statistics of the one batch that follows
        ramps = torch.cumsum(torch.randn(64, 1, size, size, size), dim=2).clamp(-3, 3) / 3
        with torch.no_grad():
            encoder(ramps, torch.rand(64, 3) * 2 - 1)
        encoder.description = {"patch_size": size, "spacing_mm": 4.0, "hu_window": [-1024, 240],
                               "location_box_mm": [[-40.0, -40.0, -40.0], [44.0, 44.0, 44.0]]}  # fmt: skip
        return encoder.eval()

    return make


@pytest.fixture(scope="session")
def scan():
    """A volume of waves with noise, two lungs of which one touches the edge of the volume, and an affine."""
    shape = (14, 12, 13)
    x, y, z = np.meshgrid(*map(np.arange, shape), indexing="ij")
    noise = np.random.default_rng(0).normal(0, 5, shape)
    array = -500 + 300 * np.sin(x / 2) + 200 * np.cos(y / 3 + z / 2) + noise
    lungs = np.zeros(shape, np.uint8)
    lungs[0:4, 3:9, 2:10], lungs[8:12, 2:9, 4:12] = 1, 2
    to_mm = np.diag([4.0, 4.0, 4.0, 1.0])
    to_mm[:3, 3] = [-25, -21, -23]
    to_subject = np.diag([1.1, 0.9, 1.05, 1.0])
    to_subject[:3, 3] = [2, -3, 1]
    return AlignedScan(Volume(array.astype(np.float32), to_mm), lungs, np.linalg.inv(to_subject))
