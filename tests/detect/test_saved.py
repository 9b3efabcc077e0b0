"""The factor of annotation saved, from curves made by hand."""

import pandas as pd
import pytest

from drasclr_core.detect.saved import saved_annotation, saved_factor


@pytest.mark.parametrize(
    ("curve", "goal", "factor"),
    [([0.2, 0.6, 0.8], 0.6, 2.0), ([0.2, 0.6, 0.8], 0.7, 1 / 0.75), ([0.2, 0.6, 0.8], 0.1, 10.0),
     ([0.2, 0.6, 0.8], 0.9, 0.0), ([0.7, 0.1, 0.8], 0.7, 10.0)],
)  # fmt: skip
def test_where_the_curve_reaches_the_goal(curve, goal, factor):
    assert saved_factor([0.1, 0.5, 1.0], curve, goal) == pytest.approx(factor)


def curve_of(pretrained, scratch, noise=0.0, folds=3):
    rows = [(method, "paraseptal", share, seed, fold, value + noise * (seed - 0.5))
            for method, values in (("new", pretrained), ("old", scratch))
            for share, value in zip((0.1, 0.5, 1.0), values, strict=True)
            for seed in (0, 1) for fold in range(folds)]  # fmt: skip
    return pd.DataFrame(rows, columns=["method", "subtype", "fraction", "seed", "fold", "f1"])


def test_half_of_the_boxes():
    (row,) = saved_annotation(curve_of([0.2, 0.6, 0.8], [0.1, 0.3, 0.6], 0.1), "new", "old", 50).itertuples()
    assert row.factor == row.low == row.high == pytest.approx(2.0), "draws are paired, so common noise cancels"
    assert (row.subtype, row.paper_factor, row.censored) == ("paraseptal", 5.0, "")


def test_both_ends_are_marked():
    (row,) = saved_annotation(curve_of([0.9, 0.9, 0.9], [0.1, 0.3, 0.6]), "new", "old", 20).itertuples()
    assert row.factor == pytest.approx(10.0) and row.censored == "factor low high"
    (row,) = saved_annotation(curve_of([0.1, 0.2, 0.3], [0.1, 0.3, 0.6]), "new", "old", 20).itertuples()
    assert row.factor == 0 and row.censored == ""


def test_few_trainings_have_no_interval():
    (row,) = saved_annotation(curve_of([0.2, 0.6, 0.8], [0.1, 0.3, 0.6], folds=2), "new", "old", 50).itertuples()
    assert row.factor == pytest.approx(2.0) and pd.isna(row.low) and pd.isna(row.high)


def test_no_trainings():
    assert saved_annotation(curve_of([0, 0, 0], [0, 0, 0]).iloc[:0], "new", "old").empty
