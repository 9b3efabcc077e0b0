"""FROC and CPM by LUNA16's rules, on cases that can be counted by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.evaluate.froc import competition_metric, froc, matched, sensitivity_at

SCANS = ["a", "b", "c", "d"]


def findings(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["sid", "x", "y", "z", "diameter_mm"])


def places(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["sid", "x", "y", "z"])


NODULES = findings(("a", 0, 0, 0, 10), ("a", 50, 0, 0, 6), ("b", 0, 0, 0, 8))


def test_a_hit_lies_within_the_radius_of_a_nodule_of_its_own_scan():
    candidates = places(("a", 4.9, 0, 0), ("a", 5, 0, 0), ("a", 52, 0, 0), ("b", 0, 0, 3), ("c", 0, 0, 0))
    assert matched(NODULES, candidates).tolist() == [0, -1, 1, 2, -1]


def test_what_is_excluded_is_neither_hit_nor_alarm():
    excluded = findings(("c", 0, 0, 0, np.nan), ("a", 0, 0, 0, 40))
    candidates = places(("c", 0, 0, 4), ("c", 0, 0, 6), ("a", 0, 0, 1), ("a", 0, 0, 15))
    assert matched(NODULES, candidates, excluded).tolist() == [-2, -1, 0, -2]


def test_of_two_nodules_the_nearer_is_hit():
    overlapping = findings(("a", 0, 0, 0, 20), ("a", 8, 0, 0, 20))
    assert matched(overlapping, places(("a", 3, 0, 0), ("a", 6, 0, 0))).tolist() == [0, 1]


def test_a_curve_counted_by_hand():
    candidates = places(("a", 0, 0, 1), ("a", 0, 0, 2), ("a", 0, 99, 0), ("b", 0, 0, 0), ("c", 0, 0, 0), ("d", 0, 0, 0))
    curve = froc(NODULES, candidates, [0.9, 0.8, 0.7, 0.4, 0.5, 0.1], SCANS)
    points = list(zip(curve.threshold, curve.false_positives * 4, curve.sensitivity * 3, strict=True))
    np.testing.assert_allclose(
        points, [(np.inf, 0, 0), (0.9, 0, 1), (0.7, 1, 1), (0.5, 2, 1), (0.4, 2, 2), (0.1, 3, 2)]
    )
    np.testing.assert_allclose(sensitivity_at(curve, [0.0, 0.25, 0.5, 0.375, 9]) * 3, [1, 1, 2, 1.5, 2])
    np.testing.assert_allclose(competition_metric(curve) * 3 * 7, 1 + 1 + 5 * 2)


def test_a_perfect_and_a_blind_detector():
    own = NODULES[["sid", "x", "y", "z"]]
    assert competition_metric(froc(NODULES, own, [1, 1, 1], SCANS)) == 1
    assert competition_metric(froc(NODULES, own.assign(x=999), [1, 2, 3], SCANS)) == 0
    assert competition_metric(froc(NODULES, own.iloc[:0], [], SCANS)) == 0


def test_more_scans_without_findings_mean_fewer_alarms_per_scan():
    few = froc(NODULES, places(("a", 99, 0, 0)), [1], SCANS)
    many = froc(NODULES, places(("a", 99, 0, 0)), [1], [*SCANS, "e", "f", "g", "h"])
    assert few.false_positives[-1] == 2 * many.false_positives[-1] == 0.25


@given(st.lists(st.tuples(st.sampled_from(SCANS), st.integers(-20, 60), st.floats(0, 1)), max_size=25))
def test_curves_rise_and_only_the_order_of_scores_counts(rows):
    candidates = places(*((sid, x, 0, 0) for sid, x, _ in rows))
    scores = np.array([score for *_, score in rows])
    curve = froc(NODULES, candidates, scores, SCANS)
    assert (np.diff(curve.false_positives) >= 0).all() and (np.diff(curve.sensitivity) >= 0).all()
    ranks = pd.Series(scores).rank(method="dense").to_numpy()
    other = froc(NODULES, candidates, ranks, SCANS)
    assert competition_metric(curve) == pytest.approx(competition_metric(other))
    assert 0 <= competition_metric(curve) <= curve.sensitivity[-1] + 1e-12


def test_what_cannot_be_scored():
    own = NODULES[["sid", "x", "y", "z"]]
    for arguments, message in (
        ((NODULES.iloc[:0], own, [1, 1, 1], SCANS), "0 nodules in 4 scans"),
        ((NODULES, own, [1, np.nan, 1], SCANS), "3 scores of 3 candidates: give one finite number"),
        ((NODULES, own, [1], SCANS), "1 scores of 3 candidates"),
        ((NODULES, own, [1, 1, 1], ["a"]), "nodules of b, which is not among the 1 scans"),
    ):
        with pytest.raises(ValueError, match=message):
            froc(*arguments)
