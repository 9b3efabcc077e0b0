"""The network on whole scans learns what is plain to see, is tested like a readout, and goes on where it stopped."""

import numpy as np
import pandas as pd
import pytest
import torch

from drasclr_core.evaluate.readout.readout import compare_readouts
from drasclr_core.evaluate.supervised import volume_model
from drasclr_core.evaluate.supervised.cnn_config import CNNConfig
from drasclr_core.evaluate.supervised.cross_validation import learning_curves, supervised_readout
from drasclr_core.evaluate.supervised.volume_model import VolumeModel
from drasclr_core.evaluate.tasks import COVID_SEVERITY

TINY = CNNConfig(width=4, epochs=15, patience=15, batch_size=6, lr=3e-3)


def scans(count: int = 30, size: int = 16, seed: int = 0) -> tuple[np.ndarray, pd.DataFrame]:
    """Cubes whose grade 0 to 4 is how much of them is dense, in patches that lie anywhere."""
    rng = np.random.default_rng(seed)
    grades = np.arange(count) % 5
    cubes = rng.normal(-850, 60, (count, size, size, size))
    blocks = rng.permuted(np.tile(np.arange(64), (count, 1)), axis=1) < 12 * grades[:, None]
    cubes += 800 * np.kron(blocks.reshape(count, 4, 4, 4), np.ones((1, size // 4, size // 4, size // 4)))
    sids = [f"S{number:03d}" for number in range(count)]
    return cubes.astype(np.int16), pd.DataFrame({"sid": sids, "mosmed_grade": grades})


def test_it_learns_what_is_plain_to_see(tmp_path):
    cubes, subjects = scans()
    result = supervised_readout(cubes, subjects, COVID_SEVERITY, tmp_path, folds=2, config=TINY)
    means = result.scores.groupby("metric")["value"].mean()
    assert means["accuracy"] > 50 and means["kappa"] > 0.7  # chance: 20 % and 0
    assert result.scores["alpha"].isna().all()
    assert sorted(result.predictions["sid"]) == sorted(subjects["sid"])


def test_labels_of_other_subjects_give_chance(tmp_path):
    cubes, subjects = scans()
    mixed = subjects.assign(mosmed_grade=np.random.default_rng(3).permutation(subjects["mosmed_grade"]))
    result = supervised_readout(cubes, mixed, COVID_SEVERITY, tmp_path, folds=2, config=TINY)
    assert result.scores.query("metric == 'kappa'")["value"].mean() < 0.4


def test_folds_are_those_of_the_linear_readouts(tmp_path):
    cubes, subjects = scans(20, size=8)
    subjects.loc[3, "mosmed_grade"] = np.nan
    shuffled = subjects.sample(frac=1, random_state=0)
    brief = CNNConfig(width=2, epochs=1)
    network = supervised_readout(cubes[shuffled.index], shuffled, COVID_SEVERITY, tmp_path, folds=3, config=brief)
    features = pd.DataFrame({"sid": subjects["sid"], "f000": cubes.mean(axis=(1, 2, 3))})
    linear = compare_readouts({"x": features}, subjects, [COVID_SEVERITY], folds=3)
    chance = linear.predictions.query("method == 'chance'").reset_index(drop=True)
    same = ["task", "repeat", "fold", "sid", "true"]
    pd.testing.assert_frame_equal(network.predictions[same], chance[same])
    assert list(network.scores) == list(linear.scores)
    assert (network.scores["n_unlabelled"] == 1).all()


def test_same_seed_same_network_and_a_finished_fold_is_not_trained_again(tmp_path, monkeypatch):
    cubes, subjects = scans(15, size=8)
    brief = CNNConfig(width=2, epochs=2)
    arguments = cubes, subjects["mosmed_grade"].to_numpy()
    first = VolumeModel(range(5), brief, seed=7, folder=tmp_path).fit(*arguments)
    again = VolumeModel(range(5), brief, seed=7).fit(*arguments)
    other = VolumeModel(range(5), brief, seed=8).fit(*arguments)
    weights = [one.network.fc.weight for one in (first, again, other)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])

    def refuse(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(VolumeModel, "_train", refuse)
    kept = VolumeModel(range(5), brief, seed=7, folder=tmp_path).fit(*arguments)
    assert (kept.predict(cubes) == first.predict(cubes)).all()
    with pytest.raises(AssertionError, match="trained again"):
        VolumeModel(range(5), brief, seed=7, folder=tmp_path).fit(cubes + 1, arguments[1])


def test_it_stops_early_and_keeps_its_best_epoch(monkeypatch):
    cubes, subjects = scans(20, size=8)
    losses = iter([3.0, 2.0, 2.5, 2.6, 2.7, 1.0])
    seen = []

    def loss(network, inputs, grades):
        if network.training:
            return torch.nn.functional.cross_entropy(network(inputs), grades)
        seen.append(network.fc.weight.detach().clone())
        return next(losses)

    monkeypatch.setattr(volume_model, "_loss", loss)
    fitted = VolumeModel(range(5), CNNConfig(width=2, patience=3)).fit(cubes, subjects["mosmed_grade"])
    assert len(seen) == 5
    assert torch.equal(fitted.network.fc.weight, seen[1])
    history = fitted.history_
    assert history["validation_loss"] == [3.0, 2.0, 2.5, 2.6, 2.7] and len(history["training_loss"]) == 5
    assert history["kept_epoch"] == 1 and history["stopped"] == "patience"


def test_curves_of_every_fold_say_whether_the_budget_ended_them(tmp_path):
    cubes, subjects = scans(20, size=8)
    brief = CNNConfig(width=2, epochs=3, patience=3)
    with pytest.raises(FileNotFoundError, match="mosmed_grade-0: not trained"):
        learning_curves(tmp_path, COVID_SEVERITY, folds=2)
    supervised_readout(cubes, subjects, COVID_SEVERITY, tmp_path, folds=2, config=brief)
    curves = learning_curves(tmp_path, COVID_SEVERITY, folds=2)
    assert curves.groupby("fold")["epoch"].apply(list).tolist() == [[0, 1, 2]] * 2
    assert (curves["stopped"] == "budget").all() and (curves.groupby("fold")["kept"].sum() == 1).all()
    kept = curves.loc[curves["kept"]].set_index("fold")["validation_loss"]
    assert kept.equals(curves.groupby("fold")["validation_loss"].min())
    supervised_readout(cubes, subjects, COVID_SEVERITY, tmp_path, folds=2, config=brief)  # kept, and read again
    assert learning_curves(tmp_path, COVID_SEVERITY, folds=2).equals(curves)


def test_grades_need_not_begin_at_zero():
    cubes, _ = scans(10, size=8)
    fitted = VolumeModel((2, 5), CNNConfig(width=2, epochs=1)).fit(cubes, np.tile([2, 5], 5))
    assert set(fitted.predict(cubes)) <= {2, 5}


def test_what_cannot_be_trained_says_why(tmp_path):
    cubes, subjects = scans(3, size=8)
    with pytest.raises(ValueError, match="only 3 subjects have features and a label"):
        supervised_readout(cubes, subjects, COVID_SEVERITY, tmp_path)
