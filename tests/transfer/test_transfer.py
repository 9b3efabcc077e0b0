"""Downstream tasks: who trains and tests, starts, the tasks on easy data, a comparison that goes on after a stop."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from drasclr_core.cohort.images.datasets import read_mmwhs
from drasclr_core.evaluate import write_table
from drasclr_core.evaluate.scorecard import scorecard
from drasclr_core.evaluate.scorecard.comparisons import comparisons
from drasclr_core.model import Encoder
from drasclr_core.model.genesis_unet import GenesisEncoder
from drasclr_core.paper import joint_claims
from drasclr_core.run import Run
from drasclr_core.transfer import (
    FitSettings,
    claims_sentence,
    compare_starts,
    gains,
    gains_sentence,
    open_starts,
    open_tasks,
    plain_sentence,
    tasks_table,
)
from drasclr_core.transfer.compare import COLUMNS
from drasclr_core.transfer.detection import stage_features
from drasclr_core.transfer.linear import balanced, linear_scores
from drasclr_core.transfer.slice_unet import SliceUNet
from drasclr_core.transfer.split import labelled, train_and_test
from drasclr_core.transfer.start import Start
from drasclr_core.transfer.tasks import task_class, task_names
from drasclr_core.transfer.tasks.heart import HeartStructures, overlaps
from drasclr_core.transfer.tasks.heart_along import HeartStructuresAlong
from drasclr_core.transfer.tasks.nodules import NoduleDetection
from drasclr_core.transfer.tasks.radiographs import AbnormalRadiographs, auc_within

from .made_up import SMALL, nodule_cohort, small_encoder, write_hearts, write_radiographs

HOW = FitSettings(steps=25, batch_size=8, lr=3e-3, head_lr=1e-2)
EVERYBODY = np.arange(4), np.arange(4, 6)


@given(st.lists(st.integers(0, 3), min_size=6, max_size=40), st.integers(0, 8), st.floats(0.01, 1))
@settings(deadline=None, max_examples=60)
def test_subjects_train_or_test_and_a_larger_share_holds_the_smaller(strata, seed, share):
    strata = np.array(strata)
    train, test = train_and_test(strata, seed)
    assert sorted([*train, *test]) == list(range(len(strata)))
    three = [set(train_and_test(strata, seed // 3 * 3 + one)[1]) for one in range(3)]
    assert set.union(*three) == set(range(len(strata))) and sum(map(len, three)) == len(strata)
    part, whole = labelled(train, strata, share, seed), labelled(train, strata, 1.0, seed)
    assert set(part) <= set(labelled(train, strata, min(1.0, 1.5 * share), seed)) <= set(train)
    assert list(whole) == list(train) and len(part) == max(2, round(share * len(train)))
    assert len(set(strata[part])) >= min(2, len(set(strata[train])))
    ill = (strata > 0).astype(int)
    assert len(set(ill[labelled(train, strata, share, seed, ill)])) >= min(2, len(set(ill[train])))
    assert set(labelled(train, strata, share, seed, ill)) <= set(labelled(train, strata, 1.0, seed, ill))


def test_too_few_subjects_and_a_share_of_none_are_refused():
    with pytest.raises(ValueError, match="takes 6 or more"):
        train_and_test(np.zeros(5, int), 0)
    with pytest.raises(ValueError, match="above 0"):
        labelled(np.arange(4), np.zeros(4, int), 0.0, 0)


def test_overlaps_are_what_they_are_defined_as():
    true = torch.zeros(6, 10, 10, dtype=torch.long)
    true[1:5, 2:6, 2:6] = 1
    true[1:5, 7:9, 7:9] = 2
    found = torch.roll(true, 1, dims=2)
    found[found == 2] = 0
    scores = overlaps(found, true, np.array([2.0, 3.0, 4.0]), 3)
    one, other = (found == 1).numpy(), (true == 1).numpy()
    assert scores[0, 0] == pytest.approx(2 * (one & other).sum() / (one.sum() + other.sum()))
    assert scores[0, 1] == pytest.approx(2.0)  # a step along x
    assert scores[1, 0] == 0 and scores[1, 1] == pytest.approx(np.linalg.norm([24.0, 30.0, 20.0]))
    assert np.isnan(scores[2]).all()
    assert overlaps(true, true, np.ones(3), 2).tolist() == [[1, 0], [1, 0]]


def test_a_unet_sees_other_slices_only_where_f_inter_stands_between():
    x, changed = torch.randn(1, 8, 1, 16, 16), None
    for along in (False, True):
        torch.manual_seed(0)
        net = SliceUNet(small_encoder(), 3, along).eval()
        changed = x.clone()
        changed[:, 5] += torch.randn(1, 16, 16)
        with torch.no_grad():
            before, after = net(x), net(changed)
        assert before.shape == (1, 8, 3, 16, 16)
        assert torch.equal(before[:, 0], after[:, 0]) != along


@pytest.mark.parametrize("kind", [HeartStructures, HeartStructuresAlong])
def test_heart_structures_are_found_where_they_are_easy(kind, tmp_path):
    task = kind(read_mmwhs(write_hearts(tmp_path / "hearts")), "key")
    assert task.subjects[0].images.shape == (9, 1, 16, 16)
    pairs = read_mmwhs(tmp_path / "hearts")
    case = pairs.read(pairs.pairs[0])
    assert task.subjects[0].classes[4, 3 : 3 + 10, 2 : 2 + 12].T.tolist() == case.label[:, :, 4].tolist()
    assert task.subjects[0].images.max() <= 1 and case.images[0].max() > 200
    torch.manual_seed(0)
    scores = task.score(small_encoder(), *EVERYBODY, FitSettings(steps=30, batch_size=16, lr=3e-3, head_lr=1e-2), 0)
    assert scores["Dice"] == pytest.approx(np.mean([scores["Dice: left ventricle"], scores["Dice: aorta"]]))
    assert scores["Dice"] > 0.6 and scores["HD95"] < 20


def test_nodules_are_told_from_what_is_none(tmp_path, monkeypatch):
    task = NoduleDetection(nodule_cohort(tmp_path / "nodules"), "key")
    scores = task.score(small_encoder(), *EVERYBODY, HOW, 0)
    assert list(scores) == list(task.metrics)
    trained = small_encoder()
    trained.description = {"patch_size": 8}
    monkeypatch.setattr("drasclr_core.transfer.detection.renew", None)  # a trained one keeps its statistics
    assert task.score(trained, *EVERYBODY, FitSettings(steps=1), 0)["patch AUC, linear"] > 0.7
    assert scores["patch AUC, linear"] > 0.95 and scores["CPM, linear"] > 0.9 and scores["patch AUC, fine-tuned"] > 0.9


def test_radiographs_of_all_cohorts_are_one_task_and_each_kind_is_against_the_normal_ones(tmp_path):
    for cohort, kind in (("copd", "emphysema"), ("covid", "covid")):
        write_radiographs(tmp_path / "run" / cohort / "images_2d" / "radiographs", kind=kind)
    task = AbnormalRadiographs.of(Run(str(tmp_path / "run"), "copd"))
    assert len(task.sids) == 16 and task.classes.sum() == 8
    # of each cohort the normal and the abnormal ones: 0 and 2 of copd, 4 and 5 of covid
    assert np.bincount(task.strata).tolist() == [4, 0, 4, 0, 4, 4]
    train, test = train_and_test(task.strata, 0)
    scores = task.score(small_encoder(), train, test, HOW, 0)
    assert list(scores) == list(task.metrics) and scores["AUC abnormal, linear"] > 0.9
    assert scores["AUC covid, fine-tuned"] > 0.9


def test_who_knows_the_cohort_alone_knows_nothing_of_the_radiograph():
    cohort, truth = np.repeat(["copd", "covid"], 50), np.r_[np.zeros(40), np.ones(10), np.zeros(10), np.ones(40)]
    truth, alone = truth.astype(int), (cohort == "covid").astype(float)
    assert roc_auc_score(truth, alone) == pytest.approx(0.8)  # cohorts told apart, all pairs counted
    assert auc_within(truth, alone, cohort) == 0.5
    assert auc_within(truth, truth + 0.01 * alone, cohort) == 1
    scores = np.random.default_rng(0).normal(size=100)
    one = np.full(100, "copd")
    assert auc_within(truth, scores, one) == pytest.approx(roc_auc_score(truth, scores))
    pairs = [(a > b) + 0.5 * (a == b) for name in ("copd", "covid") for a in scores[(cohort == name) & (truth == 1)]
             for b in scores[(cohort == name) & (truth == 0)]]  # fmt: skip
    assert auc_within(truth, scores, cohort) == pytest.approx(np.mean(pairs))
    assert np.isnan(auc_within(np.ones(4, int), scores[:4], one[:4]))


def test_a_readout_follows_the_class_and_draws_are_even():
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(60, 3)), np.arange(60) % 5 == 0
    x[labels] += 2
    scores = linear_scores(x, labels.astype(int), np.arange(60) // 6, x, rng)
    assert scores[labels].min() > np.median(scores[~labels])
    one = np.zeros(6, int)
    one[2] = 1  # all of one subject, a single positive
    assert np.isfinite(linear_scores(x[:6], one, np.zeros(6, int), x, rng)).all()
    assert labels[balanced(labels.astype(int), 10, rng)].sum() == 5


class Counted(NoduleDetection):
    """Notes each training."""

    def __init__(self, *given):
        super().__init__(*given)
        self.trained = []

    def score(self, encoder, train, test, how, seed):
        self.trained.append(seed)
        if self.trained == [0, 0, 1]:
            raise KeyboardInterrupt
        return super().score(encoder, train, test, how, seed)


def test_a_stopped_comparison_goes_on_and_equals_a_whole_one(tmp_path):
    small_encoder().save_pretrained(tmp_path / "weights")
    starts = [Start("random", SMALL, None, "random"), Start("joint", SMALL, tmp_path / "weights", "weights")]
    cohort, how = nodule_cohort(tmp_path / "nodules"), FitSettings(steps=2, batch_size=4)
    whole = compare_starts(NoduleDetection(cohort, "key"), starts, [1.0], 2, how, tmp_path / "whole", 1)
    task = Counted(cohort, "key")
    with pytest.raises(KeyboardInterrupt):
        compare_starts(task, starts, [1.0], 2, how, tmp_path / "stopped", 1)
    pd.testing.assert_frame_equal(compare_starts(task, starts, [1.0], 2, how, tmp_path / "stopped", 1), whole)
    assert task.trained == [0, 0, 1, 1, 1]
    assert compare_starts(task, starts, [1.0], 2, how, tmp_path / "stopped", 1).equals(whole) and len(task.trained) == 5
    assert (
        set(whole["fold"]) == {0, 1} and (whole["n_train"] == 4).all() and set(whole["method"]) == {"random", "joint"}
    )


def test_starts_are_one_network_and_random_ones_follow_from_the_seed(tmp_path):
    run = Run(str(tmp_path / "run"), "copd")
    small_encoder().save_pretrained(run.pretrain("joint"))
    small_encoder(attention="plain").save_pretrained(run.pretrain("plain"))
    starts, absent = open_starts(run, ["random", "joint", "plain", "never"])
    assert [one.name for one in starts] == ["random", "joint", "plain"] and absent == ["never"]
    first, again, other = (starts[0].encoder(seed).state_dict()["intra.project.weight"] for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(*(starts[1].encoder(seed).state_dict()["intra.project.weight"] for seed in (0, 1)))
    small_encoder(width=8).save_pretrained(run.pretrain("wide"))
    with pytest.raises(ValueError, match="wide and joint differ in width"):
        open_starts(run, ["joint", "wide"])
    Encoder(num_experts=2).save_pretrained(run.pretrain("drasclr"))
    with pytest.raises(ValueError, match=r"drasclr keeps an encoder of type '.*', which begins no task here"):
        open_starts(run, ["drasclr"])


def test_a_network_of_cubes_begins_only_nodules_and_is_compared_with_its_own_random_weights(tmp_path):
    run = Run(str(tmp_path / "run"), "copd")
    small_encoder().save_pretrained(run.pretrain("joint"), patch_size=8, spacing_mm=2.0)
    GenesisEncoder(2).save_pretrained(run.pretrain("models_genesis"), patch_size=8, spacing_mm=2.0)
    starts, _ = open_starts(run, ["random_3d", "models_genesis", "random", "joint"])
    assert [one.name for one in starts] == ["random", "joint", "random_3d", "models_genesis"]
    hearts = HeartStructures(read_mmwhs(write_hearts(tmp_path / "hearts")), "key")
    nodules = NoduleDetection(nodule_cohort(tmp_path / "nodules"), "key")
    how = FitSettings(steps=2, batch_size=4)
    scores = pd.concat([compare_starts(task, starts, [1.0], 2, how, tmp_path, 1) for task in (hearts, nodules)])
    methods = scores.groupby("task")["method"].unique()
    assert list(methods["Heart structures"]) == ["random", "joint"] and len(methods["Lung nodules"]) == 4
    metric = "patch AUC, linear"
    found = gains(scores, [nodules]).set_index(["task", "method", "metric"])["gain"]
    mean = scores[scores["metric"] == metric].groupby("method")["value"].mean()
    for method, random in (("joint", "random"), ("models_genesis", "random_3d")):
        assert found["Lung nodules", method, metric] == pytest.approx(mean[method] - mean[random])
    assert set(found.index.get_level_values("method")) == {"joint", "models_genesis"}
    assert mean["random_3d"] > 0.7  # balls are easy
    against = gains(scores, [nodules], {"joint": "models_genesis"}).set_index(["method", "metric"])["gain"]
    assert against["joint", metric] == pytest.approx(mean["joint"] - mean["models_genesis"])


def test_a_run_without_the_data_of_a_task_says_where_they_come_from(tmp_path):
    (tmp_path / "copd").mkdir()
    found, left_out = open_tasks(Run(str(tmp_path), "copd"), ["heart", "nodules", "radiographs"])
    assert not found and all("50_images_and_volumes" in reason for reason in left_out.values()) and len(left_out) == 3
    with pytest.raises(ValueError, match="heart"):
        open_tasks(Run(str(tmp_path), "copd"), ["hearts"])


def test_gains_are_paired_and_less_can_be_better():
    rows = [(method, "Heart structures", metric, 0, fold, value, 10, 5, 1.0, "2D and 3D")
            for metric, values in {"Dice": {"random": (0.5, 0.6, 0.4), "joint": (0.6, 0.7, 0.6)},
                                   "HD95": {"random": (9, 9, 9), "joint": (7, 8, 6)}}.items()
            for method, of in values.items() for fold, value in enumerate(of)]  # fmt: skip
    scores = pd.DataFrame(rows, columns=COLUMNS)
    found = gains(scores, [HeartStructures]).set_index("metric")
    assert found["gain"].tolist() == pytest.approx([0.4 / 3, 2.0])
    error = np.sqrt((1 / 3 + 0.5) * np.var([0.1, 0.1, 0.2], ddof=1))
    assert found.loc["Dice", "high"] - found.loc["Dice", "gain"] == pytest.approx(4.302653 * error, rel=1e-5)
    table = tasks_table(scores, [HeartStructures])
    assert table.loc[0, "mean"] == pytest.approx(0.5) and table.loc[0, "low"] < 0.5 < table.loc[0, "high"]
    plain = gains(scores, [HeartStructures], {"joint": "random", "joint_deepcluster": "random"})
    assert plain["against"].tolist() == ["random"] * 2 and plain["gain"].tolist() == pytest.approx([0.4 / 3, 2.0])
    sentence = plain_sentence(plain, [HeartStructures], "joint", "random")
    assert "of 2 scores, intervals lie above zero for 0 and below zero for 0" in sentence
    assert "has not trained both" in plain_sentence(plain, [HeartStructures], "joint_deepcluster", "random")
    assert gains(scores, [HeartStructures], {"joint": "slices_swav"}).empty
    sentence = gains_sentence(found.reset_index(), [HeartStructures], "joint")
    assert "Dice: +0.13" in sentence and sentence.endswith("Simulated data: heart structures.")
    assert "imulated" not in gains_sentence(found.reset_index(), [HeartStructures], "joint", given=["heart"])


def test_an_interval_ends_where_scores_end():
    rows = [("random", "Heart structures", metric, 0, fold, value, 10, 5, 1.0, "2D and 3D")
            for metric, values in {"Dice": (0.5, 0.99, 0.9), "HD95": (5, 90, 2), "HD95: aorta": (5, 90, 2)}.items()
            for fold, value in enumerate(values)]  # fmt: skip
    table = tasks_table(pd.DataFrame(rows, columns=COLUMNS), [HeartStructures]).set_index("metric")
    assert table["low"].tolist() == [pytest.approx(0.02, abs=0.1), 0, 0] and table.loc["Dice", "high"] == 1
    assert (table["high"][["HD95", "HD95: aorta"]] > 90).all()


def test_the_abstracts_claims_are_told_with_the_intervals_over_seeds(tmp_path):
    """The table, the differences and the verdicts of page 52, from the starts of both engines."""
    run, how, plain = Run(str(tmp_path / "run"), "copd"), FitSettings(steps=1, batch_size=4), {
        "joint": "slices_swav", "joint_deepcluster": "slices_deepcluster"}  # fmt: skip
    for name in (*plain, *plain.values()):
        small_encoder().save_pretrained(run.pretrain(name), patch_size=8, spacing_mm=2.0)
    starts, absent = open_starts(run, ["random", *plain, *plain.values()])
    task = NoduleDetection(nodule_cohort(tmp_path / "nodules"), "key")
    scores = compare_starts(task, starts, [1.0], 2, how, tmp_path, 1)
    table, against = tasks_table(scores, [task]), gains(scores, [task], plain)
    assert not absent and set(table["method"]) == {"random", *plain, *plain.values()} and table["low"].notna().all()
    assert dict(zip(against["method"], against["against"], strict=True)) == plain and (against["seeds"] == 2).all()
    board, judged = scorecard(joint_claims(), write_table(run, "joint_tasks", table, folds=scores)[0].parent)
    told = board.set_index("id")
    assert told.loc["joint-hearts", "verdict"] == "cannot be tested" and told.loc["joint-swav", "untestable"] == 3
    here = judged[judged["id"].eq("joint-nodules")].iloc[0]
    row = gains(scores, [task]).query("method == 'joint' and metric == 'CPM, fine-tuned'").iloc[0]
    assert here[["estimate", "low", "high"]].tolist() == pytest.approx(row[["gain", "low", "high"]].tolist())
    sentence = claims_sentence(board)
    assert "**0 reproduced**;" in sentence and "cannot be tested** (" in sentence
    for verdict, names in board.groupby("verdict", sort=False)["short"]:
        assert f"**{len(names)} {verdict}** ({', '.join(names)})" in sentence


def test_what_is_read_of_a_volume_are_all_stages_and_f_inter():
    encoder, x = small_encoder().eval(), torch.randn(2, 1, 8, 8, 8)
    with torch.no_grad():
        found = stage_features(encoder, x)
        slices = x[:, 0].permute(0, 3, 2, 1)
        seen = torch.stack([encoder.intra.pooled(one[:, None]).mean(dim=0) for one in slices])
        along = encoder.inter(encoder.embed_slices(x)).mean(dim=1)
    torch.testing.assert_close(found, torch.cat([seen, along], dim=1))
    assert found.shape == (2, 4 + 8 + 16 + 32 + 16)


def test_the_abstracts_claims_are_about_scores_that_tasks_give():
    tasks = [task_class(name) for name in task_names()]
    known = {(task.title, metric) for task in tasks for metric in task.metrics if metric not in task.lower}
    assert {
        cell for cell in comparisons(joint_claims())[["task", "metric"]].itertuples(index=False, name=None)
    } <= known
