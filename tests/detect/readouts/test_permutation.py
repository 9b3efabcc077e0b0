"""Shuffled labels: the same prevalence in every fold, chance where nothing leaks, and a planted leak is caught."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from drasclr_core.detect.boxes import POSITIVE
from drasclr_core.detect.readouts.low_attenuation import low_attenuation_share
from drasclr_core.detect.readouts.permutation import (
    average_precision,
    detection_permutation_scores,
    detection_permutation_test,
    shuffled_within_folds,
)

TASK = ["centrilobular"]


def uneven(boxes):
    """The boxes without some of those of a few subjects, so that subjects have different numbers of boxes."""
    kept = np.flatnonzero(~(boxes.table["sid"].isin(["S00", "S01", "S04"]) & boxes.table["sid"].duplicated()))
    patches = dataclasses.replace(
        boxes.patches, table=boxes.patches.table.iloc[kept].reset_index(drop=True), hu=boxes.patches.hu[kept],
        locations=boxes.patches.locations[kept], steps=boxes.patches.steps[kept])  # fmt: skip
    return dataclasses.replace(boxes, patches=patches, fold=boxes.fold[kept])


def test_average_precision_at_a_given_prevalence():
    true, probability = np.array([1, 0, 1, 0, 0]), np.array([0.9, 0.8, 0.7, 0.3, 0.2])
    # At its own prevalence it is the usual one; two healthy boxes for one are the same as one with twice the weight.
    assert average_precision(true, probability, 0.4) == pytest.approx(average_precision_score(true, probability))
    twice = np.repeat([0, 1, 2, 3, 4], [1, 2, 1, 2, 2])
    assert average_precision(true[twice], probability[twice], 0.4) == pytest.approx(
        average_precision(true, probability, 0.4)
    )
    assert average_precision(true, np.ones(5), 0.3) == pytest.approx(0.3), "guessing gives the prevalence"
    assert np.isnan(average_precision(np.ones(3), probability[:3], 0.5))


def test_folds_keep_their_subjects_of_each_label(planted):
    boxes = uneven(planted)
    mixed = shuffled_within_folds(boxes, TASK[0], np.random.default_rng(0))
    table = boxes.table.assign(real=boxes.kinds(TASK[0]) == POSITIVE, mixed=mixed)
    assert (table["real"] != table["mixed"]).any() and table.groupby("sid")["mixed"].nunique().eq(1).all()
    subjects = table.drop_duplicates("sid").groupby("fold")[["real", "mixed"]].sum()
    assert (subjects["real"] == subjects["mixed"]).all()


def test_what_is_there_is_found_and_shuffled_labels_give_chance(make_boxes):
    boxes = uneven(make_boxes(folds=2))
    scores = detection_permutation_scores(boxes, TASK, {"patch_laa": low_attenuation_share(boxes.patches)}, 9)
    (row,) = detection_permutation_test(scores).itertuples()
    assert row.observed > 0.95 and row.p == 1 / 10 and row.metric == "average precision"
    assert row.permutation_mean < 0.75 < row.observed, "labels of tested subjects reach the training"


def test_nothing_is_found_where_nothing_was_planted(make_boxes):
    boxes = make_boxes(planted=False, folds=2)
    scores = detection_permutation_scores(boxes, TASK, {"patch_laa": low_attenuation_share(boxes.patches)}, 5)
    (row,) = detection_permutation_test(scores).itertuples()
    assert row.p > 0.2 and abs(row.observed - row.permutation_mean) < 0.3


def test_p_by_hand():
    values = pd.DataFrame({"permutation": [-1, 0, 1, 2], "value": [0.7, 0.7, 0.5, 0.8]})
    (row,) = detection_permutation_test(values.assign(method="x", task="t", metric="m")).itertuples()
    assert row.p == 3 / 4 and row.permutation_mean == pytest.approx(2 / 3)
