"""The benchmarks run, compare like with like, and write the tables that the book shows. Speed is not asserted."""

import json
import re
import subprocess
import sys
import time
from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pandas as pd
import psutil
import pytest
import torch

from drasclr_core.anatomy.atlas import build_atlas
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.imaging.volume import Volume
from drasclr_core.model import Encoder, LocCondConv3d
from drasclr_core.run import Run, project_root

from . import forked

BENCHMARKS = project_root(__file__) / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
from per_sample import per_sample  # noqa: E402


def ended(script, out, *arguments):
    """Runs a benchmark; returns its exit code and what it said."""
    told = out.with_name(f"{out.name}.txt")
    process = forked.start(BENCHMARKS / script, "--out", out, *arguments, told=told)
    process.join(timeout=900)
    process.kill()  # that ended long ago, or never would
    return process.exitcode, told.read_text()


def run(script, out, *arguments):
    code, told = ended(script, out, "--repetitions", "1", *arguments)
    assert code == 0, told[-2000:]


def table(out, name):
    about = json.loads((out / f"benchmark_{name}.json").read_text())
    assert {"day", "code", "hardware", "torch"} <= set(about)
    return pd.read_csv(out / f"benchmark_{name}.csv")


def test_every_file_that_commands_and_readmes_name_is_there():
    root = project_root(__file__)
    for page in (root / "Makefile", *root.glob("benchmarks/*.md"), *root.glob("book/*.md")):
        for name in re.findall(
            r"\b(?:tests|benchmarks|notebooks|drasclr_core)/[\w/]+\.(?:py|ipynb)\b", page.read_text()
        ):
            assert (root / name).exists(), f"{page.name} names {name}"


def test_order_of_an_epoch():
    from limits import order_of_an_epoch, subjects_of_a_step

    assert len(order_of_an_epoch(cohort=500)) == 2 and len(subjects_of_a_step()) == 1


def test_what_is_for_a_gpu_runs_on_a_processor(tmp_path):
    run("gpu.py", tmp_path, "--device", "cpu", "--parts", "parity", "--patch", "8", "--minutes", "3")
    assert table(tmp_path, "gpu")["result"].tolist() == ["done"]
    assert (table(tmp_path, "gpu_parity")["relative difference"] < 1e-5).all()


def test_when_time_is_over_all_that_a_part_started_ends(tmp_path, monkeypatch):
    import gpu

    monkeypatch.setattr(gpu, "GRACE_S", 1.0)
    below = f"""
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open({str(tmp_path / "pid")!r}, "w") as file:
    file.write(str(os.getpid()))
time.sleep(600)
"""
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {below!r}])"
    with pytest.raises(subprocess.TimeoutExpired):
        gpu.run_within([sys.executable, "-c", code], 10)
    left, deadline = int((tmp_path / "pid").read_text()), time.monotonic() + 30
    with suppress(psutil.NoSuchProcess):
        while psutil.Process(left).status() != psutil.STATUS_ZOMBIE:  # that nobody has collected yet
            assert time.monotonic() < deadline
            time.sleep(0.1)
    with pytest.raises(subprocess.CalledProcessError):
        gpu.run_within([sys.executable, "-c", "raise SystemExit(3)"], 60)


def test_a_device_that_computes_otherwise_is_seen():
    from gpu import differences
    from step import Step

    here, there = (Step(4, 8, torch.device("cpu")) for _ in range(2))
    there.model.load_state_dict(here.model.state_dict())
    torch.manual_seed(0)
    with torch.no_grad():
        for weights in there.model.parameters():
            weights.add_(0.01 * torch.randn_like(weights))
    found = {row["what"]: row["relative difference"] for row in differences(here, there)}
    assert list(found) == ["embeddings of the queries", "loss", "gradients"]
    assert min(found["embeddings of the queries"], found["gradients"]) > 1e-4


def test_without_a_gpu_the_command_says_so(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    code, told = ended("gpu.py", tmp_path)
    assert code and "no GPU here" in told and not list(tmp_path.iterdir())


def test_what_moves_between_two_runs_is_counted(tmp_path):
    from stability import compare

    rows = {"method": ["a", "b"], "mean": [0.5, 0.25], "seconds": [1.0, 2.0]}
    for name, change in (("first", 0.0), ("second", 0.25)):
        (tmp_path / name).mkdir()
        moved = {**rows, "mean": [0.5, 0.25 + change], "seconds": [3.0 + change, 2.0]}
        pd.DataFrame(moved).to_csv(tmp_path / name / "table2.csv", index=False)
        pd.DataFrame(rows | {"mean": [None, 1.0]}).to_csv(tmp_path / name / "same.csv", index=False)
    pd.DataFrame(rows).to_csv(tmp_path / "first" / "lost.csv", index=False)
    found = {row["table"]: row for row in compare(tmp_path / "first", tmp_path / "second")}
    assert (found["table2"]["numbers"], found["table2"]["moved"], found["table2"]["largest change"]) == (2, 1, 0.25)
    assert found["same"]["moved"] == 0 and found["lost"]["note"] == "only in the first run"


def test_rounded_weights_change_little_and_another_encoder_much(tmp_path):
    from half_precision import apart, compare

    from drasclr_core.evaluate.tasks import Task

    rng = np.random.default_rng(0)
    sids = [f"P{number:05d}" for number in range(60)]
    values = rng.normal(size=(60, 4))
    full = pd.DataFrame(values, columns=list("abcd")).assign(sid=sids)[["sid", *"abcd"]]
    half = full.iloc[::-1].assign(**{name: full[name].astype("float16").astype(float) for name in "abcd"})
    subjects = pd.DataFrame({"sid": sids, "FEV1pp": np.exp(values[:, 0] + rng.normal(scale=0.5, size=60))})
    told = compare(full, half, subjects, (Task("logFEV1pp", "FEV1pp"),))
    assert [(row["task"], row["score"]) for row in told] == [("logFEV1pp", "R2")]
    assert told[0]["full precision"] > 0.5 and abs(told[0]["change"]) < 0.01
    assert 0 < apart(full, half) < 0.01
    with pytest.raises(ValueError, match="not of one encoder"):
        compare(full, half[["sid", "a"]], subjects, (Task("logFEV1pp", "FEV1pp"),))


def test_what_a_step_needs_is_read_from_the_table_of_steps():
    from store import needs

    assert [row["warm patches/s"] > 0 for row in needs(67, 0.3)] == [True, True]


@pytest.mark.slow
def test_training_step(tmp_path):
    run("train_step.py", tmp_path, "--batches", "4", "--patch", "8")
    steps = table(tmp_path, "train_step").merge(table(tmp_path, "train_memory"), on="batch")
    assert steps["batch"].tolist() == [4]
    measured = ["loop s", "ours s", "block s", "anchors/s, ours", "anchors/s, block", "block GFLOP/s",
                "matrix GFLOP/s", "peak MB, loop", "peak MB, ours", "peak MB, block"]  # fmt: skip
    assert (steps[measured] > 0).all(axis=None)
    parts = table(tmp_path, "train_parts")
    assert parts["part"].tolist() == ["augmentation", "forward", "backward", "optimiser"]
    assert abs(parts["share %"].sum() - 100) <= 2


def test_operations_of_the_loop_grow_with_the_batch_and_ours_do_not():
    from step import Step
    from train_step import looped, operations

    steps = [Step(batch, 8, torch.device("cpu")) for batch in (4, 8)]
    loop, ours = ([operations(way) for way in ways] for ways in (map(looped, steps), steps))
    assert loop[1] > 1.5 * loop[0]
    assert ours[1] == ours[0]


@pytest.mark.slow
def test_augmentation_and_loading(tmp_path):
    run("augment_and_load.py", tmp_path, "--batch", "4", "--step-batch", "4", "--patches", "8")
    rates = table(tmp_path, "augment_and_load")
    assert len(rates) == 5
    assert (rates["rate"] > 0).all()


def test_the_loop_is_the_same_function():
    torch.manual_seed(0)
    encoder = Encoder(16, 2).double().train()
    x, locations = torch.randn(5, 1, 8, 8, 8, dtype=torch.float64), torch.rand(5, 3, dtype=torch.float64)
    for location in (locations, locations[0]):
        ours = encoder(x, location)
        with per_sample():
            looped = encoder(x, location)
        torch.testing.assert_close(ours, looped)
    assert LocCondConv3d.forward.__module__ == "drasclr_core.model.locconv"


@pytest.mark.slow
def test_methods(tmp_path, monkeypatch):
    """On a run of noise: a method that sees blocks of landmarks, and one that mixes them, with settings of its own."""
    run_folder = Run(str(tmp_path / "runs" / "small"))
    atlas = build_atlas(np.ones((16, 16, 16)), np.diag([4.0, 4, 4, 1]), step_mm=32.0)
    atlas.save(run_folder.atlas)
    sids, random = [f"S{index:02d}" for index in range(12)], np.random.default_rng(0)
    store = PatchStore.create(run_folder.patches, sids, len(atlas.corners), 8, 4.0)
    for sid in sids:
        store.write(sid, random.integers(-1000, 0, (len(atlas.corners), 8, 8, 8)).astype(np.int16))
    write_subjects(run_folder, pd.DataFrame({"sid": sids, "image": [f"{sid}.nii.gz" for sid in sids]}))
    preset = tmp_path / "small.yaml"
    preset.write_text("stages:\n  06_pretrain: {epochs: 2, batch_size: 6, landmarks_per_step: 2, norm: landmark}\n"
                      "  06_pretrain-dira: {most_steps: 3, settings: {bank_size: 16}}\n"
                      "  06_pretrain-other: {variant_of: drasclr}\ncohorts: {copd: {}}\n")  # fmt: skip
    asked = ("--run", str(run_folder.folder), "--preset", str(preset), "--steps", "2", "--minutes", "1")
    run("methods.py", tmp_path, *asked, "--write")
    found = table(tmp_path, "methods").set_index("method")
    assert found.index.tolist() == ["dira", "drasclr"]
    assert found.loc["dira", "steps of the preset"] == 3
    assert found["parameters, kept"].lt(found["parameters, trained"]).all()
    per_step = found["CPU s / 1,000 patches"] / 1000 * found["in a step"]
    np.testing.assert_allclose(per_step, found["CPU s / step"], rtol=0.05)
    np.testing.assert_allclose(found["most_steps"] * found["CPU s / step"], 60, rtol=0.05)
    assert found["CPU s / scan"].isna().all() and (found["peak MB"] > 100).all()

    kept = {name: found.loc["dira", name].item() for name in ("in a step", "parameters, trained", "parameters, kept")}
    measured = {"sees": "patches", **kept, "step": 0.5, "peak MB": 200.0, "steps": 3}
    asked_for = []

    def answered(command, **how):
        asked_for.append(command[command.index("--measure") + 1])
        return SimpleNamespace(stdout=json.dumps({"method": asked_for[-1], **measured}))

    import methods

    monkeypatch.setattr(methods.subprocess, "run", answered)
    monkeypatch.setattr(sys, "argv", ["methods.py", *asked, "--names", "dira", "--out", str(tmp_path / "none")])
    methods.main()
    assert set(asked_for) == {"dira"} and not (tmp_path / "none").exists()


def test_registration(tmp_path, real_data):
    run("registration.py", tmp_path, "--tables", "known", "seeds", "--real", "1", "--hard", "1",
        "--spacing", "5", "--masks", "1", "--seeds", "2")  # fmt: skip
    known = table(tmp_path, "registration_known")
    assert (known["mean mm"] < 0.3).all() and not known["failures"].any()
    assert table(tmp_path, "registration_seeds")["mean mm apart"].max() < 3


def test_lungs_get_the_noise_that_is_asked_for():
    from lungs import MOST_NOISE, with_noise

    scan = Volume(np.zeros((40, 40, 40), np.float32), np.diag([2.0, 2.0, 2.0, 1.0]))
    assert with_noise(scan, 50, 0).array.std() == pytest.approx(MOST_NOISE / 2, rel=0.1)
    assert with_noise(scan, 0, 0) is scan


def test_lungs(tmp_path):
    run("lungs.py", tmp_path, "--each", "1", "--noise", "0", "--spacing", "4", "--fine", "4", "--workers", "1")
    cases = pd.read_csv(tmp_path / "benchmark_lungs_cases.csv")
    assert len(cases) == 8 and (cases["worse side"] > 0.9).all()
    assert (table(tmp_path, "lungs_speed")["Dice of both"] > 0.99).all()


def test_recipes_are_known_settings_of_equal_computation():
    """Each recipe of the table ends after as many forward passes as the others, to within a step."""
    from recipes import BASE, RECIPES, forwards, settings_of

    from drasclr_core.methods.drasclr import DrasCLR

    sides = np.stack(np.meshgrid(*[range(4)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    atlas = SimpleNamespace(patch_size=16, spacing=2.0, centres=30.0 * sides, locations=(sides / 1.5 - 1).astype("f4"),
                            box=[[-1.0] * 3, [1.0] * 3],
                            neighbors=lambda count: np.zeros((64, count), dtype=int))  # fmt: skip
    store, budget = SimpleNamespace(sids=list(range(96)), num_landmarks=64), 30_000
    for name, changes in RECIPES.items():
        chosen = settings_of(name, 0, budget, store, atlas)
        sampler = DrasCLR(chosen, atlas).sampler(96, 1)
        steps = [step for epoch in range(chosen.epochs) for step in sampler.epoch(epoch)][: chosen.most_steps]
        anchors = sum(len(step.subjects) * len(getattr(step, "landmarks", [0])) for step in steps)
        per_step = anchors / len(steps)
        cost = forwards(BASE | changes)
        assert cost == (10 if chosen.landmarks_per_step == 1 else 4)
        assert abs(anchors - budget / cost) < max(8 * per_step, 0.15 * budget / cost), name


def test_a_recipe_trained_anew_replaces_its_rows_and_every_training_counts_as_a_try(tmp_path):
    from recipe_table import all_tries, with_earlier
    from recipes import COLUMNS

    def row(recipe, seed, code):
        return dict.fromkeys(COLUMNS, 0.0) | {"recipe": recipe, "seed": seed, "code": code, "budget": 4}

    path = tmp_path / "benchmark_recipe.csv"
    pd.DataFrame([row("base", 0, "a"), row("base", 1, "a"), row("batch norm", 0, "a")]).to_csv(path, index=False)
    path.with_suffix(".json").write_text(json.dumps({"tries": 5}))  # two were replaced before
    again = [row("base", 0, "b")]
    assert [(one["recipe"], one["code"]) for one in with_earlier(again, path)] == [("base", "b"), ("batch norm", "a")]
    assert all_tries(again, path) == 6 and all_tries([row("base", 0, "a")], path) == 5
    assert all_tries(again, tmp_path / "none.csv") == 1
    assert all_tries([row("base", 0, "a") | {"budget": 8}], path) == 6, "of another length it is another try"
    with pytest.raises(ValueError, match="another budget"):
        with_earlier([row("group norm", 0, "b") | {"budget": 8}], path)
    pd.DataFrame([row("base", 0, "a"), row("no recipe any more", 0, "a")]).to_csv(path, index=False)
    assert [one["recipe"] for one in with_earlier([], path)] == ["base"]


def test_a_kept_row_of_a_recipe_is_of_the_recipe_as_it_is(tmp_path, monkeypatch):
    import recipe

    trained = []

    def measure(run, store, atlas, name, seed, budget):
        trained.append(name)
        return {"recipe": name, "seed": seed, "budget": budget, **dict.fromkeys(recipe.LABELS, 0.5)}

    monkeypatch.setattr(recipe, "measure", measure)
    monkeypatch.setattr(recipe, "settings_of", lambda *what: what[0])
    monkeypatch.setattr(recipe, "run_key", lambda store, *what: store)
    run = Run(str(tmp_path / "r"))
    first = recipe.measured_row(run, "patches", None, "group norm", 1, 4.0)
    assert recipe.measured_row(run, "patches", None, "group norm", 1, 4.0) == first and len(trained) == 1
    recipe.measured_row(run, "other patches", None, "group norm", 1, 4.0)
    recipe.measured_row(run, "other patches", None, "group norm", 1, 8.0)
    assert len(trained) == 3 and len(list((tmp_path / "r/recipe").glob("group_norm-1-*.json"))) == 2


def test_r2_and_effective_rank_of_known_features():
    from recipe import r2

    from drasclr_core.evaluate.body import effective_rank

    random = np.random.default_rng(0)
    features = random.normal(size=(400, 5))
    label = features @ np.ones(5) + random.normal(size=400) * np.sqrt(5)  # half of the variance is noise
    assert 0.4 < r2(features, label) < 0.6
    assert r2(random.normal(size=(400, 5)), label) < 0.05
    assert 4.5 < effective_rank(features) <= 5
    assert effective_rank(features[:, :1] * np.ones(5)) < 1.01
