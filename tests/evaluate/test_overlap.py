"""Overlap and shares of masks by hand and of empty masks; agreement of shares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drasclr_core.evaluate.overlap import overlap, share_agreement

masks = arrays(np.uint8, (3, 4, 2), elements=st.integers(0, 1))


def test_by_hand_and_outside_the_lungs_nothing_counts():
    lungs, detected, truth = np.zeros((3, 10, 1, 1))
    lungs[:8], detected[2:6], truth[4:10] = 1, 1, 1  # in the lungs: 4 detected, 4 true, 2 of both
    assert overlap(detected, truth, lungs) == (0.5, 0.5, 0.5)


def test_empty_masks():
    lungs, nothing = np.ones((2, 2, 2)), np.zeros((2, 2, 2))
    both, missed, alarm = (
        overlap(nothing, nothing, lungs),
        overlap(nothing, lungs, lungs),
        overlap(lungs, nothing, lungs),
    )
    assert np.isnan(both.dice) and missed == (0, 0, 1)
    assert np.isnan(alarm.dice) and alarm[1:] == (1, 0), "without disease there is nothing to overlap with"
    with pytest.raises(ValueError, match="lung mask is empty"):
        overlap(nothing, nothing, nothing)
    with pytest.raises(ValueError, match="bring them to one grid"):
        overlap(nothing, np.zeros((2, 2)), lungs)


@settings(max_examples=50, deadline=None)
@given(masks, masks)
def test_symmetric(first, second):
    lungs = np.ones(first.shape)
    found, turned = overlap(first, second, lungs), overlap(second, first, lungs)
    assert found[1:] == turned[2:0:-1]
    if first.any() and second.any():
        assert found.dice == turned.dice


def test_line_and_bias_by_hand():
    """Detected twice as much and one point more."""
    true = np.array([0.0, 1.0, 2.0, 5.0])
    found = share_agreement(2 * true + 1, true)
    assert found.subjects == 4
    assert (found.slope, found.slope_low, found.slope_high) == pytest.approx((2, 2, 2))
    assert found.intercept == pytest.approx(1) and found.bias == pytest.approx(3)
    assert found.bias_low < 3 < found.bias_high
    assert found.bias_high - 3 == pytest.approx(3.1824 * np.std(true + 1, ddof=1) / 2, rel=1e-4)


def test_intervals_hold_the_truth():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(400):
        true = rng.gamma(1.0, 3.0, 30)
        found = share_agreement(1.3 * true + rng.normal(0.5, 1, 30), true)
        held.append([found.slope_low <= 1.3 <= found.slope_high, found.bias_low <= 1.4 <= found.bias_high])
    assert np.mean(held, axis=0) == pytest.approx([0.95, 0.95], abs=0.035)


def test_too_few_or_all_alike():
    alone = share_agreement([3.0], [1.0])
    assert alone.bias == 2 and np.isnan([alone.bias_low, alone.slope]).all()
    alike = share_agreement([3.0, 4.0, 5.0], [1.0, 1.0, 1.0])
    assert alike.bias == 3 and np.isnan([alike.slope, alike.intercept]).all()
    assert np.isnan(share_agreement([], []).bias)
    with pytest.raises(ValueError, match="one of each per subject"):
        share_agreement([1.0], [])
