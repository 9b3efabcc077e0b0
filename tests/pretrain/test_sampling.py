import time
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.pretrain.sampling import LandmarkSampler, prefetch


@given(landmarks=st.integers(1, 6), subjects=st.integers(2, 40), batch=st.integers(2, 50), run_length=st.integers(1, 9))
@settings(deadline=None, max_examples=150)
def test_an_epoch_shows_every_subject_once_at_every_landmark(landmarks, subjects, batch, run_length):
    sampler = LandmarkSampler(landmarks, subjects, batch, run_length, seed=1)
    batches = list(sampler.epoch(2))
    assert len(batches) == sampler.steps(2)
    shown = Counter((b.landmark, int(subject)) for b in batches for subject in b.subjects)
    assert set(shown.values()) == {1}
    assert len(shown) == landmarks * subjects
    sizes = {len(b.subjects) for b in batches}
    assert min(sizes) >= 2
    assert max(sizes) <= max(batch, 3 if batch == 2 and subjects % 2 else 2)
    assert max(sizes) - min(sizes) <= 1


@given(start=st.integers(0, 12))
@settings(deadline=None)
def test_a_resumed_epoch_is_the_rest_of_the_whole_one(start):
    sampler = LandmarkSampler(4, 9, 3, landmark_run_length=2, seed=5)
    whole, rest = ([(b.landmark, *b.subjects) for b in sampler.epoch(2, first)] for first in (0, start))
    assert rest == whole[start:]


def test_a_run_is_a_few_batches_of_one_landmark_in_a_row():
    landmarks = [batch.landmark for batch in LandmarkSampler(20, 12, 2, landmark_run_length=3).epoch(0)]
    runs = [landmarks[start : start + 3] for start in range(0, len(landmarks), 3)]
    assert all(len(set(run)) == 1 for run in runs)
    assert sum(first[0] == second[0] for first, second in pairwise(runs)) < 10
    alone = [batch.landmark for batch in LandmarkSampler(20, 12, 2, landmark_run_length=1).epoch(0)]
    assert sum(first == second for first, second in pairwise(alone)) < 20


def test_epochs_and_seeds_differ():
    orders = [[(b.landmark, *b.subjects) for b in LandmarkSampler(5, 6, 3, 1, seed).epoch(epoch)]
              for seed in (0, 1) for epoch in (0, 1)]  # fmt: skip
    assert all(orders[i] != orders[j] for i in range(4) for j in range(i))


@pytest.mark.parametrize(("subjects", "batch"), [(1, 8), (8, 1)])
def test_one_subject_is_not_enough(subjects, batch):
    with pytest.raises(ValueError, match="at least 2 subjects"):
        LandmarkSampler(3, subjects, batch)


def test_prefetch_reads_ahead_and_keeps_the_order():
    loaded = []
    results = prefetch(range(5), lambda item: loaded.append(item) or item * 10)
    assert next(results) == 0
    deadline = time.monotonic() + 2
    while len(loaded) < 2 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert loaded == [0, 1]  # the next item is there, no more than that is held
    assert list(results) == [10, 20, 30, 40]


def test_prefetch_passes_errors_on():
    def fail(item):
        raise OSError("unreadable")

    with pytest.raises(OSError, match="unreadable"):
        list(prefetch([1], fail))
