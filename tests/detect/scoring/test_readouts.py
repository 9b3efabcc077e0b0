"""Linear readouts find what was planted, and nothing where there is nothing."""

import numpy as np
import pytest
import torch

from drasclr_core.detect.detector.forward import box_features
from drasclr_core.detect.scoring.low_attenuation import low_attenuation_share, low_attenuation_voxels
from drasclr_core.detect.scoring.readouts import (
    add_low_attenuation_voxels,
    add_voxels,
    as_detector,
    everything_positive,
    linear_predictions,
    logistic,
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


def test_low_attenuation_round_every_voxel(planted):
    """The share in a cube as large as the box, cut out by hand; at the middle of the box it is that of the box."""
    patches, n = planted.patches, planted.patches.size
    around = low_attenuation_voxels(patches, stride=1)[3].reshape(n, n, n)
    dark = patches.hu[3] < -950
    for place in ((0, 0, 0), (7, 2, 5)):
        cube = dark[tuple(slice(low + 1, low + 1 + n) for low in place)]
        assert around[place] == pytest.approx(cube.mean())
    middle = low_attenuation_voxels(patches, stride=n)
    assert middle.shape == (len(patches), 1) and middle == pytest.approx(low_attenuation_share(patches))


def test_the_threshold_is_judged_by_the_rule_of_the_voxels_too(planted):
    """A quarter of the voxels decides, by the same logistic regression as the box's own share."""
    table = linear_predictions(planted, TASK, {"patch_laa": low_attenuation_share(planted.patches)})
    ready = add_low_attenuation_voxels(table, planted, TASK, stride=2)
    assert ready["share"].between(0, 1).all() and len(ready) == len(table)
    assert ready.drop(columns="share").equals(table.drop(columns="share"))
    row = ready.iloc[0]
    train = planted.fold != row["fold"]
    share = low_attenuation_share(planted.patches)
    fitted = logistic(share[train], planted.labels()[train], planted.table["sid"].to_numpy()[train])
    around = low_attenuation_voxels(planted.patches, 2)[row["box"]]
    assert row["share"] == np.mean(fitted.predict_proba(around[:, None])[:, 1] > 0.5)
    assert mean_f1(ready, "voxels")["patch_laa"] > 0.95


def test_planted_emphysema_is_found(planted):
    features = {"patch_laa": low_attenuation_share(planted.patches)}
    assert mean_f1(linear_predictions(planted, TASK, features))["patch_laa"] > 0.95


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
