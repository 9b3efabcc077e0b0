"""What experiments say of claims that are not reproduced follows from their tables, either way."""

import nbformat
import pandas as pd
import pytest

from drasclr_core.report.answers import why_not
from drasclr_core.report.answers.reasons import EXPERIMENTS
from drasclr_core.run import project_root


def board(**verdicts):
    rows = [(name.replace("_", "-"), f"claim of {name}", verdict) for name, verdict in verdicts.items()]
    return pd.DataFrame(rows, columns=["id", "short", "verdict"])


def table(scores, metric="R2", task="logFEV1pp", **more):
    return pd.DataFrame({"method": scores.keys(), "task": task, "metric": metric, "mean": scores.values(), **more})


def test_claims_that_hold_need_no_reason(tmp_path):
    text = why_not(board(phenotypes_laa="reproduced", survival_best="undecided"), tmp_path)
    assert text == "No claim of this scorecard is *not reproduced*."


def test_claims_without_an_experiment_are_named(tmp_path):
    table({"drasclr": 0.4}).to_csv(tmp_path / "table2.csv", index=False)
    text = why_not(board(phenotypes_laa="not reproduced", phenotypes_most="undecided"), tmp_path)
    assert text == "- **No experiment of this run says why:** claim of phenotypes_laa."


@pytest.mark.parametrize(
    ("longer", "low", "high", "better", "worse", "ahead"),
    [(0.6, -0.3, -0.1, 1, 0, 1), (0.45, -0.1, 0.1, 0, 0, 0), (0.3, 0.05, 0.2, 0, 1, 0)],
)
def test_more_steps(tmp_path, longer, low, high, better, worse, ahead):
    scores = {"chance": 0.0, "kmeans": 0.5, "drasclr": 0.4, "drasclr_long": longer, "truth": 0.8}
    blind = {**scores, "truth": -0.1}
    both = [table(scores), table(blind, metric="accuracy", task="AE History"), table(scores, metric="kappa")]
    pd.concat(both).to_csv(tmp_path / "table2.csv", index=False)
    assert "No experiment" in why_not(board(phenotypes_laa="not reproduced"), tmp_path), "differences are not known"
    tests = [("drasclr", "drasclr_long", task, metric, low, high)
             for task, metric in (("logFEV1pp", "R2"), ("logFEV1pp", "kappa"), ("AE History", "accuracy"))]  # fmt: skip
    columns = ["method", "against", "task", "metric", "low", "high"]
    pd.DataFrame(tests, columns=columns).to_csv(tmp_path / "significance_table2.csv", index=False)
    text = why_not(board(phenotypes_laa="not reproduced"), tmp_path)
    said = f"clearly better in {better} of 1 main scores, clearly worse in {worse}, and ahead of the best hand-made row"
    assert f"{said} in {ahead}** (before: 0)" in text
    assert f"0.40 → {longer:.2f}" in text and "claim of phenotypes_laa" in text and "See notebook 10." in text
    assert "AE History" not in text, "the true disease says nothing of it"


@pytest.mark.parametrize(("high", "said"), [(-0.1, "hold clearly less"), (0.1, "hold not clearly less")])
def test_patches(tmp_path, high, said):
    rows = {"method": ["drasclr", "patch_histogram"], "r2": [0.2, 0.5], "ahead_high": [None, high]}
    pd.DataFrame({**rows, "disease": "paraseptal"}).to_csv(tmp_path / "knows_readout.csv", index=False)
    text = why_not(board(detection_laa="not reproduced"), tmp_path)
    assert said in text and "paraseptal R² 0.20 (the patch's histogram 0.50)" in text


@pytest.mark.parametrize(("share", "said"), [(0.84, "Most of what sets"), (0.3, "The smaller part of what sets")])
def test_directions(tmp_path, share, said):
    rows = {"method": ["drasclr", "drasclr_long"], "density": [share, 0.6], "span": [265.0, 338.0]}
    pd.DataFrame(rows).to_csv(tmp_path / "body_directions.csv", index=False)
    text = why_not(board(phenotypes_laa="not reproduced", covid_best="not reproduced"), tmp_path)
    assert said in text and f"{100 * share:.0f} % of all differences follow it" in text
    assert "arc of 265 degrees; trained longer, of 338" in text and "See notebook 17. *Bears on: claim of phen" in text
    pd.DataFrame(rows)[1:].to_csv(tmp_path / "body_directions.csv", index=False)
    assert "No experiment" in why_not(board(phenotypes_laa="not reproduced"), tmp_path)


def test_room(tmp_path):
    scores = {"confounders": 0.7, "drasclr": 0.72, "truth": 0.76}
    table(scores, metric="concordance at 25th", task="Survival").to_csv(tmp_path / "table3.csv", index=False)
    text = why_not(board(survival_best="not reproduced"), tmp_path)
    assert "gains at most 0.06.**" in text and "DrasCLR 0.72" in text
    assert "Spirometry" not in text, "a run without it is told without it"


@pytest.mark.parametrize(
    ("other", "counted", "higher", "highest"), [(0.6, 0.7, 1, 1), (0.6, 0.55, 1, 0), (0.4, 0.45, 0, 0)]
)
def test_detectors(tmp_path, other, counted, higher, highest):
    scores = {"patch_laa": counted, "drasclr_finetuned": 0.5, "models_genesis_finetuned": other}
    table(scores, metric="F1", task="Paraseptal", rule="voxels").to_csv(tmp_path / "table5.csv", index=False)
    text = why_not(board(detection_laa="not reproduced"), tmp_path)
    assert f"higher on {higher} of 1 subtypes; counting dark voxels scores higher than all on {highest}" in text
    assert f"Paraseptal F1 0.50 from DrasCLR, {other:.2f} from Models Genesis" in text


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.05, 0.1, "better than"), (-0.05, 0.02, "neither better nor less well than"), (-0.05, -0.01, "less well than")],
)
def test_place(tmp_path, low, high, said):
    rows = {"method": ["no_conditioning", "drasclr_local"], "auc": [0.6, 0.7], "ahead_low": [low, None],
            "ahead_high": [high, None]}  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "table6_alike.csv", index=False)
    text = why_not(board(conditioning_best="not reproduced"), tmp_path)
    assert f"look-alikes {said} no conditioning" in text and "does not show" not in text
    assert "No conditioning 0.60, DrasCLR without neighbours 0.70" in text


def test_a_place_that_needs_no_image(tmp_path):
    rows = {"method": ["no_conditioning", "drasclr_local", "location"], "auc": [0.6, 0.7, 0.9]}
    table = pd.DataFrame({**rows, "ahead_low": [0.1, None, -0.3], "ahead_high": [0.2, None, -0.1]})
    table.to_csv(tmp_path / "table6_alike.csv", index=False)
    assert "The place without any image does best" in why_not(board(conditioning_best="not reproduced"), tmp_path)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda one: one.page)
def test_pages_of_experiments_write_the_file(experiment):
    page = nbformat.read(project_root() / "notebooks" / f"{experiment.page}.ipynb", as_version=4)
    text = "".join(cell.source for cell in page.cells)
    differences = nbformat.read(project_root() / "notebooks" / "40_significance.ipynb", as_version=4)
    assert any('f"significance_{name}.csv"' in cell.source for cell in differences.cells)
    assert all(file.removeprefix("significance_") in text for file in experiment.files)
