from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from drasclr_core.pretrain import Augmentation, BatchShard
from drasclr_core.pretrain.blocks import BlockSampler, draw_block_views, read_block
from drasclr_core.pretrain.views import step_generator

STEP = 30.0
GRID = np.array([[x, y, z] for x in range(5) for y in range(4) for z in range(3) if (x, y, z) != (2, 2, 1)]) * STEP


def sampler(subjects=12, batch=4, landmarks_per_step=8, neighbors=2, run_length=1, seed=1, processes=1):
    return BlockSampler(GRID, neighbors, subjects, batch, landmarks_per_step, run_length, seed, processes)


@given(subjects=st.integers(2, 20), batch=st.integers(2, 25), doublings=st.integers(1, 5), run=st.integers(1, 4),
       epoch=st.integers(0, 3))  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_an_epoch_shows_every_subject_once_at_every_landmark(subjects, batch, doublings, run, epoch):
    made = sampler(subjects, batch, 2**doublings, run_length=run)
    steps = list(made.epoch(epoch))
    assert len(steps) == made.steps(epoch)
    shown = Counter((int(l), int(s)) for step in steps for l in step.landmarks for s in step.subjects)
    assert set(shown.values()) == {1} and len(shown) == len(GRID) * subjects
    assert min(len(step.subjects) for step in steps) >= 2


@given(start=st.integers(0, 30))
@settings(deadline=None, max_examples=20)
def test_a_resumed_epoch_is_the_rest_of_the_whole_one(start):
    whole, rest = ([(*b.landmarks, *b.subjects) for b in sampler(run_length=2).epoch(2, first)] for first in (0, start))
    assert rest == whole[start:]


@pytest.mark.parametrize("landmarks_per_step", [2, 4, 8])
@pytest.mark.parametrize("epoch", range(6))
def test_neighbours_are_one_step_away_and_count_as_much_as_r_of_them(landmarks_per_step, epoch):
    """Nobody is left alone: each landmark has a neighbour in its block, in every epoch."""
    for block in sampler(landmarks_per_step=landmarks_per_step).epoch(epoch):
        apart = cdist(GRID[block.landmarks], GRID[block.landmarks])
        assert (apart[block.beside > 0] == STEP).all()
        assert np.count_nonzero(block.beside, axis=1).max(initial=0) <= 2
        np.testing.assert_allclose(block.beside.sum(axis=1), 2, rtol=1e-6)
    assert not any(block.beside.any() for block in sampler(neighbors=0).epoch(0))


@pytest.mark.parametrize("landmarks_per_step", [2, 4, 8])
def test_over_a_few_epochs_every_two_landmarks_one_step_apart_meet(landmarks_per_step):
    apart = cdist(GRID, GRID)
    wanted = {tuple(pair) for pair in np.argwhere(apart == STEP).tolist()}
    met = set()
    for epoch in range(40):
        for box in sampler(landmarks_per_step=landmarks_per_step).boxes(epoch):
            met |= {(a, b) for a in box.tolist() for b in box.tolist() if apart[a, b] == STEP}
    assert met == wanted


@pytest.mark.parametrize("count", [0, 1, 3, 6])
def test_a_block_is_a_power_of_two(count):
    with pytest.raises(ValueError, match="power of two"):
        sampler(landmarks_per_step=count)


def test_views_of_a_block_do_not_depend_on_the_number_of_processes(tiny):
    store, _ = tiny
    block = next(BlockSampler(np.eye(4, 3) * 0 + np.arange(4)[:, None] * [STEP, 0, 0], 2, 8, 5, 2, seed=0).epoch(0))
    size, count = len(block.subjects), len(block.landmarks)
    augment, order = Augmentation(size=8, spacing_mm=4.0), np.random.default_rng(0).permutation(size)

    def views(shard):
        drawn = draw_block_views(augment, read_block(store, block, shard), count, step_generator(0, 0, 0), shard)
        return [part.unflatten(0, (count, -1)) for part in drawn[:2]]

    whole = views(BatchShard.whole(size))
    assert not torch.equal(whole[0][0, 0], whole[0][0, 1])
    for rank in range(2):
        shard = BatchShard.of(size, rank, 2, order=order)
        for part, everything, rows in zip(views(shard), whole, (shard.rows, shard.key_rows), strict=True):
            assert torch.equal(part, everything[:, rows])
