"""Linear readouts find what was planted, and nothing where there is nothing."""

import numpy as np
import pytest
import torch

from drasclr_core.detect.boxes import POSITIVE
from drasclr_core.detect.detector.forward import box_features
from drasclr_core.detect.readouts.low_attenuation import low_attenuation_share, low_attenuation_voxels
from drasclr_core.detect.readouts.readouts import (
    as_detector,
    everything_positive,
    fit_readout,
    linear_predictions,
    logistic,
)
from drasclr_core.detect.readouts.shares import network_shares, value_shares
from drasclr_core.detect.scoring.scores import against_healthy, against_other, fold_scores

TASK = ["centrilobular"]


def mean_f1(table, rule="direct"):
    scores = fold_scores(table, rule)
    return scores[scores["metric"] == "F1"].groupby("method")["value"].mean()


def of_threshold(boxes):
    return fit_readout(boxes, TASK, "patch_laa", low_attenuation_share(boxes.patches))


def test_low_attenuation_is_the_share_of_the_box_alone(planted):
    share, (n, hu) = low_attenuation_share(planted.patches), (planted.patches.size, planted.patches.hu)
    core = hu[:, n // 2 : n // 2 + n, n // 2 : n // 2 + n, n // 2 : n // 2 + n]
    assert share[:, 0] == pytest.approx((core < -950).mean(axis=(1, 2, 3)))


def test_low_attenuation_round_every_voxel(planted):
    """The share in a cube as large as the box, cut out by hand; at the middle of the box it is that of the box."""
    patches, n = planted.patches, planted.patches.size
    around = low_attenuation_voxels(patches, stride=1)(3).reshape(n, n, n)
    dark = patches.hu[3] < -950
    for place in ((0, 0, 0), (7, 2, 5)):
        cube = dark[tuple(slice(low + 1, low + 1 + n) for low in place)]
        assert around[place] == pytest.approx(cube.mean())
    middle = low_attenuation_voxels(patches, stride=n)
    assert middle(3) == pytest.approx(low_attenuation_share(patches)[3:4])


def test_the_threshold_is_judged_by_the_rule_of_the_voxels_too(planted):
    """A quarter of the voxels decides, by the same logistic regression as the box's own share."""
    readout = of_threshold(planted)
    table = linear_predictions(planted, readout)
    around = low_attenuation_voxels(planted.patches, 2)
    ready = value_shares(table, readout, around)
    assert ready["share"].between(0, 1).all() and len(ready) == len(table)
    row = ready.iloc[0]
    fitted = readout.fitted["centrilobular", row["fold"]]
    assert row["share"] == np.mean(fitted.predict_proba(around(row["box"]))[:, 1] > 0.5)
    assert mean_f1(ready, "voxels")["patch_laa"] > 0.95


def test_planted_emphysema_is_found(planted):
    assert mean_f1(linear_predictions(planted, of_threshold(planted)))["patch_laa"] > 0.95


def test_nothing_is_found_where_nothing_was_planted(make_boxes):
    boxes = make_boxes(planted=False)
    assert mean_f1(linear_predictions(boxes, of_threshold(boxes)))["patch_laa"] < 0.75


def test_chance_calls_everything_positive(planted):
    table = everything_positive(planted, TASK)
    scores = fold_scores(table, "voxels").groupby("metric")["value"].mean()
    assert scores["recall"] == 1 and scores["precision"] == pytest.approx(0.5, abs=0.05)


def test_tested_boxes_train_neither_model_nor_calibration(planted):
    """Without the boxes of a tested fold the readout of that fold is the same."""
    readout = of_threshold(planted)
    changed = low_attenuation_share(planted.patches)
    changed[planted.fold == 2] = 17.0
    again = fit_readout(planted, TASK, "patch_laa", changed)
    share = np.linspace(0, 1, 9)[:, None]
    one, two = (made.fitted["centrilobular", 2].predict_proba(share) for made in (readout, again))
    np.testing.assert_array_equal(one, two)
    other, third = (made.fitted["centrilobular", 1].predict_proba(share) for made in (readout, again))
    assert np.abs(other - third).max() > 0.01


def test_calibration_keeps_the_order_and_mends_shrunken_probabilities(make_boxes):
    """With a penalty far too strong, raw probabilities hardly leave one half; calibrated ones do, in the same order."""
    boxes = make_boxes(subjects=40)
    share, labels = low_attenuation_share(boxes.patches), boxes.kinds(TASK[0]) == POSITIVE
    train = boxes.fold != 0
    raw = logistic(share[train], labels[train], boxes.table["sid"].to_numpy()[train]).predict_proba(share)[:, 1]
    calibrated = of_threshold(boxes).fitted["centrilobular", 0].predict_proba(share)[:, 1]
    assert (np.argsort(raw) == np.argsort(calibrated)).all() and not np.allclose(raw, calibrated)


def test_twins_make_a_readout_tell_the_subtypes_apart(three_kinds):
    """Dark share alone says diseased; with boxes of the other subtype as negatives, it says which disease."""
    rng = np.random.default_rng(0)
    kind = three_kinds.table["subtype"].map({"healthy": 0, "centrilobular": 1, "paraseptal": 2}).to_numpy()
    dark, shape = kind > 0, kind == 2
    features = np.column_stack([dark, 0.3 * shape]) + 0.3 * rng.normal(size=(len(kind), 2))
    apart = {}
    for twins in (False, True):
        readout = fit_readout(three_kinds, TASK, "made_up", features, twins=twins)
        table = linear_predictions(three_kinds, readout, twins=True)
        assert mean_f1(against_healthy(table))["made_up"] > 0.8
        other = against_other(table)
        assert set(other["kind"]) == {"centrilobular", "paraseptal"} and other["true"].mean() == 0.5
        apart[twins] = other.groupby("true")["probability"].mean().diff().iloc[-1]
    assert apart[True] > apart[False] + 0.1


def test_features_of_a_fold_are_used_for_that_fold(planted):
    share = low_attenuation_share(planted.patches)
    by_fold = np.stack([share * (1 + fold) for fold in range(5)])
    one = linear_predictions(planted, fit_readout(planted, TASK, "patch_laa", by_fold))
    # Standardised, a feature that is multiplied is the same feature; that of another fold would not be.
    np.testing.assert_allclose(
        one["probability"], linear_predictions(planted, of_threshold(planted))["probability"], rtol=1e-6
    )


def test_a_readout_as_detector_gives_the_same_probabilities(planted, encoder):
    features = box_features(encoder, planted.patches)
    fitted = fit_readout(planted, TASK, "drasclr_readout", features).fitted["centrilobular", 1]
    detector = as_detector(encoder, fitted)
    with torch.no_grad():
        ours = detector.probability(torch.from_numpy(features)).numpy()
    assert ours == pytest.approx(fitted.predict_proba(features)[:, 1], abs=1e-4)


def test_voxels_of_a_readout_follow_its_boxes(planted, encoder):
    readout = fit_readout(planted, TASK, "drasclr_readout", box_features(encoder, planted.patches))
    table = network_shares(linear_predictions(planted, readout), planted, readout, lambda fold: encoder)
    assert table["share"].between(0, 1).all() and len(table) == len(planted.fold)
    assert np.corrcoef(table["share"], table["probability"])[0, 1] > 0.5


def test_one_subject_of_a_label(planted):
    few = np.isin(planted.table["sid"], ["S00", "S01", "S03"])
    share, labels = low_attenuation_share(planted.patches), planted.kinds(TASK[0]) == POSITIVE
    fitted = logistic(share[few], labels[few], planted.table["sid"].to_numpy()[few])
    assert fitted.predict_proba(share).shape == (len(share), 2)


def test_an_encoder_that_is_not_folded_is_asked_the_same_voxels(planted, encoder, monkeypatch):
    readout = fit_readout(planted, TASK, "toy_readout", box_features(encoder, planted.patches))
    table = linear_predictions(planted, readout)
    folded = network_shares(table, planted, readout, lambda fold: encoder)
    monkeypatch.setattr("drasclr_core.detect.scoring.voxels.fold_batch_norm", lambda one: one)
    as_it_is = network_shares(table, planted, readout, lambda fold: encoder)
    assert folded["share"].std() > 0
    assert np.abs(as_it_is["share"] - folded["share"]).max() < 0.1  # rounding may move a voxel over the threshold
