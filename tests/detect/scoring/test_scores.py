"""Scores of detection: the field's own definitions, with their empty cases, and a bootstrap that is paired."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from drasclr_core.detect.scoring.scores import (
    DETECTION_METRICS,
    box_outcomes,
    decide,
    detection_draws,
    detection_scores,
    fold_scores,
    precision_recall,
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_as_scikit_learn(pairs):
    true, called = np.array(pairs).T
    ours = detection_scores(**box_outcomes(true, called).sum())
    assert ours["accuracy"] == pytest.approx(100 * np.mean(true == called))
    if not true.any():
        assert all(np.isnan(ours[name]) for name in DETECTION_METRICS)
        return
    precision, recall, f1, _ = precision_recall_fscore_support(true, called, average="binary", zero_division=0)
    assert [float(ours[name]) for name in ("precision", "recall", "F1")] == pytest.approx([precision, recall, f1])


@pytest.fixture
def table():
    """Two methods on four subjects in two folds: one is right, the other calls everything healthy."""
    base = pd.DataFrame({"sid": ["a", "a", "b", "c", "d"], "fold": [0, 0, 0, 1, 1],
                         "true": [True, True, False, True, False], "task": "Paraseptal",
                         "share": [0.9, 0.25, 0.24, 0.3, 0.0]})  # fmt: skip
    right = base.assign(method="right", probability=[0.9, 0.4, 0.7, 0.4, 0.1])
    blind = base.assign(method="blind", probability=0.2, share=np.nan)
    return pd.concat([right, blind], ignore_index=True)


def test_rules(table):
    assert decide(table, "voxels").tolist() == [True, True, False, True, False] + 5 * [False]
    assert decide(table, "direct").tolist() == [True, False, True, False, False] + 5 * [False]
    with pytest.raises(ValueError, match="voxels, direct"):
        decide(table, "half")


def test_by_fold(table):
    scores = fold_scores(table, "voxels").set_index(["method", "metric", "fold"]).sort_index()
    assert scores.loc["right", "value"].eq(1).all() and scores.loc["blind", "value"].eq(0).all()
    assert scores.loc[("right", "F1", 0), ["n_train", "n_test", "boxes"]].tolist() == [2, 2, 3]


def test_bootstrap_draws_subjects_and_is_paired(table):
    twin = table[table["method"] == "right"].assign(method="twin")
    draws = detection_draws(pd.concat([table, twin]), "direct", 50)
    f1 = draws[draws["metric"] == "F1"].pivot(index="draw", columns="method", values="value")
    assert f1.loc[-1, "right"] == pytest.approx(2 * 1 / (2 + 1 + 2))
    assert f1["right"].equals(f1["twin"]) and f1["right"].nunique() > 3
    assert f1["blind"].dropna().unique() == [0]


def test_precision_recall_of_a_perfect_order(table):
    right = table[table["method"] == "right"].assign(probability=[0.9, 0.8, 0.1, 0.7, 0.2])
    curve = precision_recall(right)
    assert curve["average_precision"].eq(1).all() and curve["recall"].is_monotonic_increasing
