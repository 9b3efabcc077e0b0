"""Linear readouts find what was planted, and nothing where there is nothing."""

import numpy as np
import pytest
import torch

from drasclr_core.detect.detector.forward import box_features
from drasclr_core.detect.scoring.readouts import (
    add_voxels,
    as_detector,
    detection_permutation_scores,
    everything_positive,
    linear_predictions,
    logistic,
    low_attenuation_share,
)
from drasclr_core.detect.scoring.scores import fold_scores

TASK = ["centrilobular"]


def mean_f1(table, rule="direct"):
    scores = fold_scores(table, rule)
    return scores[scores["metric"] == "F1"].groupby("method")["value"].mean()


def test_low_attenuation_is_the_share_of_the_box_alone(planted):
    share, (n, hu) = low_attenuation_share(planted.patches), (planted.patches.size, planted.patches.hu)
    core = hu[:, n // 2 : n // 2 + n, n // 2 : n // 2 + n, n // 2 : n // 2 + n]
    assert share[:, 0] == pytest.approx((core < -950).mean(axis=(1, 2, 3)))


def test_planted_emphysema_is_found_and_shuffled_labels_give_chance(planted):
    features = {"patch_laa": low_attenuation_share(planted.patches)}
    assert mean_f1(linear_predictions(planted, TASK, features))["patch_laa"] > 0.95
    shuffled = detection_permutation_scores(planted, TASK, features, n_permutations=2)
    assert shuffled.query("metric == 'F1'")["value"].mean() < 0.65, "labels of tested subjects reach the training"


def test_nothing_is_found_where_nothing_was_planted(make_boxes):
    boxes = make_boxes(planted=False)
    assert (
        mean_f1(linear_predictions(boxes, TASK, {"patch_laa": low_attenuation_share(boxes.patches)}))["patch_laa"]
        < 0.75
    )


def test_chance_calls_everything_positive(planted):
    table = everything_positive(planted, TASK)
    scores = fold_scores(table, "voxels").groupby("metric")["value"].mean()
    assert scores["recall"] == 1 and scores["precision"] == pytest.approx(0.5, abs=0.05)


def test_a_readout_as_detector_gives_the_same_probabilities(planted, encoder):
    features = box_features(encoder, planted.patches)
    labels, sids = planted.labels(), planted.table["sid"].to_numpy()
    fitted = logistic(features, labels, sids)
    detector = as_detector(encoder, fitted)
    with torch.no_grad():
        ours = detector.probability(torch.from_numpy(features)).numpy()
    assert ours == pytest.approx(fitted.predict_proba(features)[:, 1], abs=1e-4)


def test_voxels_of_a_readout_follow_its_boxes(planted, encoder):
    features = box_features(encoder, planted.patches)
    table = linear_predictions(planted, TASK, {"drasclr_readout": features})
    table = add_voxels(table, planted, TASK, encoder, features)
    assert table["share"].between(0, 1).all() and len(table) == len(planted.fold)
    assert np.corrcoef(table["share"], table["probability"])[0, 1] > 0.5


def test_one_subject_of_a_label(planted):
    few = np.isin(planted.table["sid"], ["S00", "S01", "S03"])
    share, labels, sids = low_attenuation_share(planted.patches), planted.labels(), planted.table["sid"].to_numpy()
    fitted = logistic(share[few], labels[few], sids[few])
    assert fitted.predict_proba(share).shape == (len(share), 2)


def test_an_encoder_without_voxels_keeps_its_direct_decisions(planted, encoder, monkeypatch):
    monkeypatch.setattr(type(encoder), "voxelwise", False)
    features = box_features(encoder, planted.patches)
    table = linear_predictions(planted, TASK, {"toy_readout": features})
    assert add_voxels(table, planted, TASK, encoder, features)["share"].isna().all()
    assert mean_f1(table, "voxels")["toy_readout"] == mean_f1(table, "direct")["toy_readout"]
