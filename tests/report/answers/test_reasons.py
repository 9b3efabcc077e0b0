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
    ("longer", "said"),
    [(0.6, "Too few steps are a part of it.** Trained longer by the same recipe, DrasCLR is better in 1 of 1"),
     (0.3, "More steps do not help.** Trained longer by the same recipe, DrasCLR is better in 0 of 1")],
)  # fmt: skip
def test_more_steps(tmp_path, longer, said):
    scores = {"chance": 0.0, "kmeans": 0.5, "drasclr": 0.4, "drasclr_long": longer, "truth": 0.8}
    blind = {**scores, "truth": -0.1}
    both = [table(scores), table(blind, metric="accuracy", task="AE History"), table(scores, metric="kappa")]
    pd.concat(both).to_csv(tmp_path / "table2.csv", index=False)
    text = why_not(board(phenotypes_laa="not reproduced"), tmp_path)
    assert said in text and "claim of phenotypes_laa" in text and "See notebook 10." in text
    assert "AE History" not in text, "the true disease says nothing of it"
    assert f"hand-made row it is in 0 of them, and then in {int(longer > 0.5)}" in text


@pytest.mark.parametrize(("ours", "said"), [(0.2, "already missing"), (0.6, "not missing")])
def test_patches(tmp_path, ours, said):
    r2 = {"drasclr": ours, "patch_histogram": 0.5}
    pd.DataFrame({"method": r2.keys(), "r2": r2.values(), "disease": "paraseptal"}).to_csv(
        tmp_path / "knows_readout.csv", index=False
    )
    text = why_not(board(detection_laa="not reproduced"), tmp_path)
    assert f"is {said} in the features of a patch" in text and f"paraseptal R² {ours:.2f}" in text


@pytest.mark.parametrize(("truth", "said"), [(0.76, "little"), (0.95, "some")])
def test_room(tmp_path, truth, said):
    scores = {"confounders": 0.7, "drasclr": 0.72, "truth": truth}
    made = table(scores, metric="concordance at 25th", task="Survival", low=0.66, high=0.8)
    made.to_csv(tmp_path / "table3.csv", index=False)
    text = why_not(board(survival_best="not reproduced"), tmp_path)
    assert f"There is {said} room" in text and "reaches 0.07 to each side" in text
    assert "Spirometry" not in text, "a run without it is told without it"


@pytest.mark.parametrize(
    ("other", "counted", "said"),
    [(0.6, 0.7, "Other weights do better in the same loop; counting is better still"),
     (0.4, 0.3, "Other weights do no better in this loop; so does no counting")],
)  # fmt: skip
def test_detectors(tmp_path, other, counted, said):
    scores = {"patch_laa": counted, "drasclr_finetuned": 0.5, "models_genesis_finetuned": other}
    table(scores, metric="F1", task="Paraseptal", rule="voxels").to_csv(tmp_path / "table5.csv", index=False)
    text = why_not(board(detection_laa="not reproduced"), tmp_path)
    assert said in text and f"Paraseptal F1 0.50 from DrasCLR, {other:.2f} from Models Genesis" in text


@pytest.mark.parametrize(("low", "said"), [(0.05, "have learnt"), (-0.05, "have not learnt")])
def test_place(tmp_path, low, said):
    auc = {"no_conditioning": 0.6, "drasclr_local": 0.7}
    pd.DataFrame({"method": auc.keys(), "auc": auc.values(), "ahead_low": [low, None]}).to_csv(
        tmp_path / "table6_alike.csv", index=False
    )
    assert f"Conditioned kernels {said} the place" in why_not(board(conditioning_best="not reproduced"), tmp_path)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda one: one.page)
def test_pages_of_experiments_write_the_file(experiment):
    page = nbformat.read(project_root() / "notebooks" / f"{experiment.page}.ipynb", as_version=4)
    assert experiment.file in "".join(cell.source for cell in page.cells)
