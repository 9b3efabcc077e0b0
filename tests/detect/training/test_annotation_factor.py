"""The factor of annotation saved: curves made by hand, and simulated studies with and without a gain."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.detect.training.annotation_factor import LEAST_PAIRS, log_factor, saved_annotation

TENTHS = np.arange(1, 11) / 10
BOXES = np.array([10.0, 20, 40, 80])


def f1_of(boxes):
    """A learning curve that is steep at first and flat at the end."""
    return 0.9 - 0.56 * boxes**-0.35


def table(scratch, pretrained, boxes=BOXES):
    """F1 [seeds, folds, K] of both learners as rows of `annotation_curve`."""
    values = np.stack([scratch, pretrained])
    method, seed, fold, k = map(np.ravel, np.indices(values.shape))
    columns = {"subtype": "paraseptal", "method": np.array(["old", "new"])[method], "fraction": boxes[k] / boxes[-1],
               "seed": seed, "fold": fold, "f1": values.ravel(), "boxes": boxes[k]}  # fmt: skip
    return pd.DataFrame(columns)


def study(rng, factor, interplay=0.0, seeds=3, folds=5, boxes=60 * TENTHS):
    """A study in which one box of the new learner is worth `factor` of the old one's.

    Pairs of seed and fold differ, trainings are noisy, and with `interplay` each learner gets on with other folds.
    """
    pair = rng.normal(0, 0.05, (seeds, folds, 1)) + rng.normal(0, 0.05, (1, folds, 1))
    f1 = [f1_of(times * boxes) + pair + interplay * rng.normal(size=(1, folds, 1))
          + rng.normal(0, 0.06, (seeds, folds, len(boxes))) for times in (1, factor)]  # fmt: skip
    return table(*np.clip(f1, 0, 1), boxes)


def reproduced(studies, exchanges=39):
    """How many studies have an interval above 1 and p of 0.025 or below."""
    rows = [saved_annotation(one, "new", "old", exchanges).iloc[0] for one in studies]
    return np.mean([row["low"] > 1 and row["p"] <= 0.025 for row in rows])


def test_boxes_at_equal_f1_by_hand():
    """The second learner needs half of the boxes for every F1 that both reach."""
    old, new = np.array([0.2, 0.4, 0.6, 0.8]), np.array([0.4, 0.6, 0.8, 0.9])
    assert log_factor(np.log(BOXES), old, new) == pytest.approx(np.log(2))
    assert log_factor(np.log(BOXES), new, old) == pytest.approx(-np.log(2))
    assert log_factor(np.log(BOXES), old, old) == 0


def test_dips_are_levelled():
    """Isotonic: 0.5 and 0.3 become 0.4 twice."""
    dip, level = np.array([0.2, 0.5, 0.3, 0.8]), np.array([0.2, 0.4, 0.4, 0.8])
    other = np.array([0.1, 0.3, 0.5, 0.7])
    assert log_factor(np.log(BOXES), dip, other) == log_factor(np.log(BOXES), level, other)


def test_what_could_not_be_seen_is_marked():
    low, high = np.full((2, 5, 4), 0.3), np.full((2, 5, 4), 0.8)
    (row,) = saved_annotation(table(low, high), "new", "old").itertuples()
    assert [row.factor, row.low, row.high] == pytest.approx([8, 8, 8]) and row.largest == 8
    assert row.censored == "factor low high" and row.p == 2**-10, "a gain that is too large to measure is a gain"
    (row,) = saved_annotation(table(high, low), "new", "old").itertuples()
    assert row.factor == pytest.approx(1 / 8) and row.censored == "factor low high" and row.p == 1
    assert (row.subtype, row.paper_factor, row.pairs) == ("paraseptal", 5.0, 10)


def test_two_equal_curves_have_a_factor_of_one():
    same = np.tile(f1_of(BOXES), (2, 5, 1))
    (row,) = saved_annotation(table(same, same), "new", "old").itertuples()
    assert (row.factor, row.low, row.high, row.p, row.censored) == (1, 1, 1, 1, "")


def test_p_counts_all_exchanges_of_few_pairs():
    """In each of six pairs the new learner is ahead: of 2^6 exchanges none gives as much."""
    assert LEAST_PAIRS == 6
    gain = np.linspace(0.1, 0.2, 6).reshape(2, 3, 1)
    old = np.tile([0.2, 0.3, 0.5, 0.6], (2, 3, 1))
    (row,) = saved_annotation(table(old, old + gain), "new", "old").itertuples()
    assert row.p == 1 / 64 and row.low < row.factor < row.high
    (row,) = saved_annotation(table(old[:, :2], (old + gain)[:, :2]), "new", "old").itertuples()
    assert row.p == 1 / 16 and np.isnan(row.low) and np.isnan(row.high), "two folds have no interval"


def test_identical_learners_are_seldom_reproduced():
    """At most 5 % of 400 studies; half of them with folds that suit one learner, whatever the seed."""
    rng = np.random.default_rng(0)
    alarms = reproduced(study(rng, 1, 0.05 * (number % 2)) for number in range(400))
    assert alarms <= 0.05


def test_a_factor_of_three_is_found():
    rng = np.random.default_rng(1)
    studies = [study(rng, 3) for _ in range(40)]
    assert reproduced(studies) >= 0.9
    factors = [saved_annotation(one, "new", "old", 1)["factor"].iloc[0] for one in studies]
    assert np.median(factors) == pytest.approx(3, rel=0.15)


def test_trainings_that_are_not_there():
    whole = table(np.tile(f1_of(BOXES), (2, 5, 1)), np.tile(f1_of(BOXES), (2, 5, 1)))
    assert saved_annotation(whole.iloc[:0], "new", "old").empty
    gap = whole.assign(f1=whole["f1"].where(whole["fold"].ne(0) | whole["seed"].ne(0) | whole["fraction"].ne(1)))
    assert saved_annotation(gap, "new", "old")["pairs"].item() == 9
    none = saved_annotation(whole[whole["method"].eq("old") | whole["fraction"].lt(1)], "new", "old").iloc[0]
    assert none["pairs"] == 0 and np.isnan(none["factor"]) and np.isnan(none["p"])
