"""What is said of trainings is what their logs hold."""

import json

import pandas as pd
import pytest

from drasclr_core.represent.trainings import (
    below_guessing,
    budget_sentence,
    count_raised,
    probe_gains,
    probe_scores,
    probe_sentence,
    trained_methods,
    training_costs,
    training_curves,
)
from drasclr_core.run import Run


@pytest.fixture
def run(tmp_path):
    run = Run(str(tmp_path / "runs" / "some"))
    for name, patches in (("drasclr", 32), ("drasclr_local", 5)):
        folder = run.pretrain(name)
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps({"patches_per_step": patches}))
        (folder / "model.safetensors").write_bytes(bytes(2_000_000))
        pd.DataFrame(
            {"epoch": 0, "step": [50, 100], "loss_local": [4.0, 3.0], "lr": 0.1, "seconds": [1.0, 2.0]}
        ).to_csv(folder / "log.csv", index=False)
    scores = [(0, 0, "FEV1pp", 0.1), (1, 50, "FEV1pp", 0.0), (2, 100, "FEV1pp", 0.4)]
    pd.DataFrame(scores, columns=["epoch", "step", "label", "r2"]).to_csv(
        run.pretrain("drasclr") / "probe.csv", index=False
    )
    unfinished = run.pretrain("moco")
    unfinished.mkdir()
    (unfinished / "log.csv").write_text("step\n1\n")
    return run


def test_costs_count_all_patches_that_were_shown(run):
    assert trained_methods(run) == ["drasclr_local", "drasclr"]
    costs = training_costs(run).set_index("method")
    assert costs["shown"].to_dict() == {"drasclr_local": 500, "drasclr": 3200}
    assert costs.loc["drasclr", "per_1000"] == pytest.approx(2 / 3.2)
    assert costs["megabytes"].tolist() == [2.0, 2.0]
    assert "not given equal time" in budget_sentence(costs)
    assert training_costs(run, ["drasclr", "never_trained"])["method"].tolist() == ["drasclr"]
    assert training_costs(run, ["never_trained"]).empty


def test_equal_time_is_said_where_it_was_given(run):
    for name in ("drasclr", "drasclr_local"):
        (run.pretrain(name) / "pace.json").write_text(json.dumps({"minutes": 4.0}))
    assert "given 4 minutes" in budget_sentence(training_costs(run))
    (run.pretrain("drasclr") / "pace.json").write_text(json.dumps({"minutes": 5.0}))
    assert "not given equal time" in budget_sentence(training_costs(run, ["drasclr", "drasclr_local", "moco"]))
    assert training_costs(run, ["drasclr"])["method"].tolist() == ["drasclr"]


def test_curves_begin_at_one_and_the_probe_is_before_and_after(run):
    curves = training_curves(run)
    assert curves.query("method == 'drasclr'")["relative"].tolist() == [1, 0.75]
    gains = probe_gains(run)
    assert gains.to_dict("records") == [{"method": "drasclr", "label": "FEV1pp", "before": 0.1, "after": 0.4}]
    assert "untrained, from 1 of 1 encoders" in probe_sentence(gains, "FEV1pp", 40)
    below = gains.assign(before=-0.2, after=-0.1)  # better than before, and still no better than the mean
    assert count_raised(gains) == 1 and count_raised(below) == 0 and count_raised(gains.assign(after=0.05)) == 0
    assert "untrained, from 0 of 1 encoders" in probe_sentence(below, "FEV1pp", 40)
    assert "39 subjects are too few" in probe_sentence(gains, "FEV1pp", 39)
    assert "(0.10 to 0.40)" in probe_sentence(gains, "a label that was not probed", 40)


def test_a_label_without_scores_is_left_out(run):
    """As in a cohort of eight, or where a label is the same in all: the table of the probe has no number there."""
    path = run.pretrain("drasclr") / "probe.csv"
    path.write_text(path.read_text() + "0,0,GOLD,\n2,4,GOLD,\n")
    assert set(probe_scores(run, "drasclr")["label"]) == set(probe_gains(run)["label"]) == {"FEV1pp"}
    path.write_text("epoch,step,label,r2\n0,0,GOLD,\n")
    assert probe_scores(run, "drasclr").empty and probe_scores(run, "moco").empty and probe_gains(run).empty


def test_a_run_without_trainings_has_empty_tables(tmp_path):
    run = Run(str(tmp_path / "runs" / "none"))
    assert [len(made(run)) for made in (trained_methods, training_costs, training_curves, probe_gains)] == [0] * 4
    assert "No method has a probe" in probe_sentence(probe_gains(run), "FEV1pp", 40)


def test_losses_are_told_below_guessing_at_the_end(run):
    log = run.pretrain("drasclr") / "log.csv"
    steps = range(1, 21)
    pd.DataFrame({"step": steps, "chance": 4.0, "loss_local": [4.0] * 18 + [3.5, 3.0], "loss_neighbor": 3.9,
                  "seconds": 1.0}).to_csv(log, index=False)  # fmt: skip
    told = below_guessing(run, ["drasclr", "drasclr_local", "never_trained"])
    assert told["method"].tolist() == ["drasclr", "drasclr"], "the other log does not say what guessing gives"
    assert told.set_index("loss")["below"].to_dict() == pytest.approx({"local": 0.75, "neighbor": 0.1})


def test_a_loss_that_was_left_out_is_not_told(run):
    log = pd.DataFrame({"step": [1, 2], "chance": 4.0, "loss_local": 3.0, "loss_neighbor": 0.0, "seconds": 1.0})
    log.to_csv(run.pretrain("drasclr_local") / "log.csv", index=False)
    assert below_guessing(run, ["drasclr_local"])["loss"].tolist() == ["local"]
