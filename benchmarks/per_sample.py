"""Loc-CondConv as the authors' code computes it, by our own hand: sample by sample, in every layer.

The function is the same as that of `drasclr_core.model.locconv.LocCondConv3d`; only the way is another. Each sample
mixes its own kernel, is convolved as a batch of one, and the results are joined.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from drasclr_core.model.locconv import LocationConv3d, LocationGroups


def convolve(self: LocationConv3d, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
    """What `LocationConv3d.forward` returns, one sample at a time."""
    x = x.contiguous()  # the published code knows no channels-last
    places = location.per_sample() if isinstance(location, LocationGroups) else location.expand(len(x), 3)
    samples = []
    for sample, place in zip(x, places, strict=True):
        kernel = (self.routing_weights(place)[:, None, None, None, None, None] * self.weight).sum(dim=0)
        samples.append(F.conv3d(sample[None], kernel, self.bias, self.stride, self.padding))
    return torch.cat(samples)


@contextlib.contextmanager
def per_sample() -> Iterator[None]:
    """Within this context every Loc-CondConv layer works sample by sample."""
    ours = LocationConv3d.forward
    LocationConv3d.forward = convolve
    try:
        yield
    finally:
        LocationConv3d.forward = ours
