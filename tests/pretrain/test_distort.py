"""Distortions change as much as the published ones, in the way they say, at every patch size."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.pretrain.distort import (
    AIR,
    EXCHANGED,
    MOST_BLOCKS,
    PICTURE,
    STOPS,
    cut_around,
    cut_out,
    distort,
    draw_distortions,
    exchange,
)

MEASURED = json.loads((Path(__file__).parents[1] / "fixtures" / "dira.json").read_text())
WAYS = {"cut_out": cut_out, "cut_around": cut_around, "exchange": exchange}


def drawn(batch, size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, 1, size, size, size, generator=generator), draw_distortions(batch, generator)


@pytest.mark.parametrize("size", [8, 16, 32])
@pytest.mark.parametrize("way", WAYS)
def test_share_of_the_volume_that_changes_is_the_published_share_of_area(way, size):
    """Within a quarter; blocks that are kept reach the border here, so that less is cut around them than published."""
    views, draws = drawn(800 if size < 32 else 200, size)
    share = (WAYS[way](views, draws) != views).flatten(1).float().mean(dim=1)
    published = MEASURED[way]["mean"]
    low, high = (0.5, 1.0) if way == "cut_around" else (0.85, 1.1)
    assert low * published < share.mean() < high * published


def test_every_way_is_taken_as_often_as_published():
    views, draws = drawn(1500, 8)
    changed = distort(views, draws, 0.3, 0.05, 0.3)
    different = (changed != views).flatten(1)
    air = (changed == AIR).flatten(1).any(dim=1)
    assert abs((~different.any(dim=1)).float().mean() - MEASURED["untouched"]) < 0.05
    assert abs((different.any(dim=1) & ~air).float().mean() - 0.3) < 0.05
    for number, way in enumerate(WAYS.values()):
        only = [float(number == other) for other in range(3)]
        assert torch.equal(distort(views, draws, *only), way(views, draws))
    assert torch.equal(distort(views, draws, 0.0, 0.0, 0.0), views)


def slow_blocks(draws, row, pixels, size):
    """Corner and edges of the blocks of one view, one at a time."""
    for block in range(MOST_BLOCKS):
        corners, edges = [], []
        for axis in range(3):
            share = (pixels[0] + float(draws.edges[row, block, axis]) * (pixels[1] - pixels[0])) / PICTURE
            edge = min(size, max(1, int(np.floor(share ** (2 / 3) * size + float(draws.rounding[row, block, axis])))))
            edges.append(edge)
            corners.append([int(part[row, block, axis] * (size - edge + 1)) for part in (draws.places, draws.others)])
        first, second = zip(*corners, strict=True)
        yield (
            tuple(slice(a, a + e) for a, e in zip(first, edges, strict=True)),
            tuple(slice(b, b + e) for b, e in zip(second, edges, strict=True)),
        )


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([8, 11, 16]), st.integers(0, 10**6))
def test_blocks_are_exchanged_and_cut_one_by_one(size, seed):
    """As the published loops do it, in 3D."""
    views, draws = drawn(3, size, seed)
    exchanged, cut = exchange(views, draws), cut_out(views, draws)
    for row in range(3):
        original, slow = views[row, 0], views[row, 0].clone()
        for here, there in slow_blocks(draws, row, EXCHANGED, size):
            slow[here] = original[there]
            slow[there] = original[here]
        torch.testing.assert_close(exchanged[row, 0], slow, rtol=0, atol=0)
        slow = original.clone()
        for block, (here, _) in enumerate(slow_blocks(draws, row, (10, 70), size)):
            slow[here] = AIR
            if draws.stops[row, block] < STOPS:
                break
        torch.testing.assert_close(cut[row, 0], slow, rtol=0, atol=0)


def test_what_is_cut_around_is_air_and_the_rest_is_kept():
    views, draws = drawn(20, 16)
    around = cut_around(views, draws)
    assert ((around == views) | (around == AIR)).all()
    assert (around == views).flatten(1).float().mean(dim=1).min() > 0.4  # one block of 154 of 224 pixels has 0.47
