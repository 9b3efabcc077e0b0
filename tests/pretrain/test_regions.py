"""Regions of a patch and their loss."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from drasclr_core.pretrain.regions import region_loss, regions

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "domainclr.json").read_text())
T = 0.1


def test_regions_are_thirteen_in_2d_and_thirty_five_in_3d():
    starts, near = regions(8, 3, 5)
    assert starts.shape == (35, 3) and near.shape == (35, 5)
    flat = starts[starts[:, 0] == 0][:, 1:]
    assert len(flat) == 9 and starts.min() == 0 and starts.max() == 5
    for start, others in zip(starts, starts[near], strict=True):
        assert (np.abs(others - start).max(axis=1) >= 3).all(), "a negative overlaps"
    with pytest.raises(ValueError, match="take more decoder blocks"):
        regions(4, 3, 5)


def test_the_local_loss_is_the_authors():
    """With their 13 regions and 5 negatives of each on maps of 12 x 12 pixels, four pairs of views."""
    maps = torch.from_numpy(np.random.default_rng(1).normal(size=(8, 12, 12, 5)))
    positives, negatives = FIXTURE["positives"], FIXTURE["negatives"]
    every = [tuple(one) for one in positives]
    every += [one for group in negatives for one in map(tuple, group) if one not in every]
    index = torch.tensor([[every.index(tuple(one)) for one in group] for group in negatives])
    x, y = torch.tensor(every).T
    embedded = F.normalize(maps[:, x, y], dim=2)
    assert region_loss(embedded[::2], embedded[1::2], index, T).item() == pytest.approx(FIXTURE["local"], rel=1e-10)
