"""Batches of patches and of whole subjects, in turn."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.pretrain.levels import LevelSampler


@given(
    landmarks=st.integers(1, 9),
    subjects=st.integers(2, 11),
    batch=st.integers(2, 12),
    together=st.integers(1, 10),
    run=st.integers(1, 3),
    whole=st.integers(2, 12),
    passes=st.integers(0, 3),
    epoch=st.integers(0, 2),
)
def test_an_epoch_shows_every_patch_once_then_every_subject_in_each_pass(
    landmarks, subjects, batch, together, run, whole, passes, epoch
):
    sampler = LevelSampler(landmarks, subjects, batch, together, run, whole, passes, seed=5)
    batches = list(sampler.epoch(epoch))
    assert len(batches) == sampler.steps(epoch)
    kinds = [one.whole for one in batches]
    assert kinds == sorted(kinds), "patches come first"
    seen = [(place, who) for one in batches if not one.whole for place in one.landmarks for who in one.subjects]
    assert sorted(seen) == [(place, who) for place in range(landmarks) for who in range(subjects)]
    people = [one for one in batches if one.whole]
    assert sorted(np.concatenate([one.subjects for one in people] or [[]])) == sorted([*range(subjects)] * passes)
    assert all(one.landmarks.tolist() == list(range(landmarks)) for one in people)
    assert all(len(one.subjects) >= 2 for one in batches)


def test_it_goes_on_where_it_was():
    sampler = LevelSampler(5, 8, 4, 2, 2, 4, 2, seed=1)
    for start in range(sampler.steps(1)):
        rest = list(sampler.epoch(1, start))
        for one, two in zip(list(sampler.epoch(1))[start:], rest, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_passes_and_epochs_have_other_orders():
    sampler = LevelSampler(3, 12, 12, 1, 1, 6, 2)
    first, second = ([one.subjects.tolist() for one in sampler.epoch(epoch) if one.whole] for epoch in (0, 1))
    assert first[:2] != first[2:] and first != second


def test_a_run_stays_with_its_landmarks():
    batches = [one for one in LevelSampler(6, 8, 2, 2, 4, 8, 1).epoch(0) if not one.whole]
    for begin in range(0, len(batches), 4):
        places = {tuple(one.landmarks) for one in batches[begin : begin + 4]}
        assert len(places) == 1 and len(places.pop()) == 2
