"""Batches that mix landmarks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.pretrain.mixed import MixedSampler, read_mixed


@given(
    landmarks=st.integers(1, 12),
    subjects=st.integers(2, 15),
    batch=st.integers(2, 40),
    mixed=st.integers(1, 16),
    epoch=st.integers(0, 3),
)
def test_an_epoch_shows_every_patch_once(landmarks, subjects, batch, mixed, epoch):
    sampler = MixedSampler(landmarks, subjects, batch, mixed, seed=3)
    batches = list(sampler.epoch(epoch))
    assert len(batches) == sampler.steps(epoch)
    seen = [pair for one in batches for pair in zip(one.landmarks.tolist(), one.subjects.tolist(), strict=True)]
    assert sorted(seen) == [(place, who) for place in range(landmarks) for who in range(subjects)]
    assert all(len(one.subjects) >= 2 for one in batches)


def test_a_batch_has_the_size_and_the_landmarks_that_were_asked_for():
    sampler = MixedSampler(40, 50, 64, 16)
    for batch in sampler.epoch(0):
        assert 45 <= len(batch.subjects) <= 80
        assert len(np.unique(batch.landmarks)) >= 10


def test_it_goes_on_where_it_was_and_differs_by_epoch():
    sampler = MixedSampler(6, 9, 12, 4, seed=1)
    whole, rest = list(sampler.epoch(1)), list(sampler.epoch(1, 2))
    assert all(
        np.array_equal(a, b) for one, two in zip(whole[2:], rest, strict=True) for a, b in zip(one, two, strict=True)
    )
    assert not np.array_equal(whole[0].subjects, next(sampler.epoch(0)).subjects)


def test_one_subject_is_too_few():
    with pytest.raises(ValueError, match="at least 2 subjects"):
        MixedSampler(5, 1, 8)


def test_patches_are_those_of_the_rows(tiny):
    store, _ = tiny
    batch = next(MixedSampler(store.num_landmarks, len(store.sids), 12, 3).epoch(0))
    rows = np.array([3, 0, 5])
    expected = [store.patches[batch.landmarks[row], batch.subjects[row]] for row in rows]
    assert np.array_equal(read_mixed(store, batch, rows), expected)
