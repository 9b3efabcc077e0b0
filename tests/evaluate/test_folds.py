"""Folds by subject: every subject is tested once, and folds are alike."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drasclr_core.evaluate.folds import splits, stratified_folds

GRADES = arrays(np.int64, st.integers(10, 60), elements=st.integers(0, 5))


@given(GRADES, st.integers(2, 5), st.integers(0, 99))
def test_every_grade_is_spread_evenly(grades, folds, seed):
    fold = stratified_folds(grades, folds, np.random.default_rng(seed), classes=True)
    for chosen in (grades == grade for grade in np.unique(grades)):
        assert np.ptp(np.bincount(fold[chosen], minlength=folds)) <= 1
    assert np.ptp(np.bincount(fold, minlength=folds)) <= 1


@given(arrays(float, st.integers(10, 60), elements=st.floats(-5, 5)), st.integers(2, 5), st.integers(0, 99))
def test_nobody_is_on_both_sides_and_everybody_is_tested_once(values, folds, seed):
    fold = stratified_folds(values, folds, np.random.default_rng(seed), classes=False)
    tested = []
    for train, test in splits(fold):
        assert not set(train) & set(test)
        assert len(train) + len(test) == len(values)
        tested += list(test)
    assert sorted(tested) == list(range(len(values)))


def test_continuous_labels_have_nearly_the_same_mean_in_every_fold():
    values = np.random.default_rng(0).gamma(1.0, size=100)
    fold = stratified_folds(values, 5, np.random.default_rng(1), classes=False)
    means = [values[fold == number].mean() for number in range(5)]
    at_random = [values[np.random.default_rng(1).permutation(100) % 5 == number].mean() for number in range(5)]
    assert np.std(means) < 0.5 * np.std(at_random)


def test_seed_decides_the_folds():
    grades = np.repeat([0, 1, 2], 10)
    first, again, other = (stratified_folds(grades, 5, np.random.default_rng(seed), classes=True) for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()
