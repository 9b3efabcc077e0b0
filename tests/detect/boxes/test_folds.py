"""Folds keep subjects whole and share out their kinds."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.detect.boxes.folds import fold_of_groups, fold_of_subjects

KINDS = ("centrilobular", "paraseptal", "healthy")
BOXES = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(KINDS)), min_size=1, max_size=80)


@settings(deadline=None)
@given(BOXES, st.integers(2, 5), st.integers(0, 3))
def test_no_subject_on_both_sides(rows, folds, seed):
    table = pd.DataFrame(rows, columns=["sid", "subtype"]).astype({"sid": str})
    fold = fold_of_subjects(table, folds, seed)
    assert sorted(fold.index) == sorted(table["sid"].unique()) and fold.between(0, folds - 1).all()
    assert np.ptp(np.bincount(fold, minlength=folds)) <= 1
    kind = table.groupby("sid")["subtype"].agg(lambda own: tuple(sorted(set(own))))
    for _, members in kind.groupby(kind):
        assert np.ptp(np.bincount(fold[members.index], minlength=folds)) <= 1, "a kind is not shared out evenly"


@settings(deadline=None)
@given(BOXES, st.integers(2, 5), st.integers(0, 3))
def test_the_order_of_the_boxes_does_not_matter(rows, folds, seed):
    table = pd.DataFrame(rows, columns=["sid", "subtype"]).astype({"sid": str})
    mixed = table.sample(frac=1, random_state=seed)
    assert fold_of_subjects(table, folds, seed).equals(fold_of_subjects(mixed, folds, seed))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 15), st.booleans()), min_size=1, max_size=40), st.integers(2, 5))
def test_inner_folds_keep_subjects_whole(rows, folds):
    sids = np.array([f"{number}{label}" for number, label in rows])
    fold = fold_of_groups(sids, np.array([label for _, label in rows]), folds)
    assert pd.Series(fold).groupby(sids).nunique().eq(1).all()
