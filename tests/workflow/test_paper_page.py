"""What the first page and the page of the paper's tables say comes from result files, and says whose."""

import base64

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from drasclr_core.files import write_json
from drasclr_core.provenance import stage_record
from drasclr_core.run import Run, project_root
from drasclr_core.workflow.home import _training, answer, citation
from drasclr_core.workflow.paper_page import write_paper_page
from drasclr_core.workflow.shown_files import shown_file
from drasclr_core.workflow.stages import read_notebooks

ROOT = project_root(__file__)


def record(run, stage, **about):
    code = {"sha": "abc123def456", "dirty": False}
    write_json(stage_record(run, stage), {"run": run.name, "stage": stage, "cohort": run.cohort_name, "code": code,
                                          "day": "2026-01-02", "parameters": {}, **about})  # fmt: skip


def table(run, stem, **means):
    rows = [{"method": method, "task": "logFEV1pp", "metric": "R2", "mean": mean, "sd": 0.1, "folds": 5,
             "subjects": 77, "paper_mean": None, "paper_sd": None} for method, mean in means.items()]  # fmt: skip
    run.results.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(run.results / f"{stem}.csv", index=False)


@pytest.fixture
def known():
    return read_notebooks(ROOT / "notebooks")


@pytest.fixture
def run(tmp_path):
    """A run of simulated subjects with Table 2 and a picture on page 22."""
    run = Run(str(tmp_path / "r"))
    record(run, "01_cohort")
    record(run, "10_phenotypes")
    table(run, "table2", chance=-0.01, laa950=0.41, drasclr=0.57, truth=0.81)
    picture = base64.b64encode(b"<svg/>").decode()
    html = f'<img src="data:image/svg+xml;base64,{picture}" alt="Box plots &amp; more.">'
    cells = [
        new_markdown_cell("# Volume"),
        new_code_cell("", outputs=[new_output("display_data", {"text/html": html})]),
    ]
    (run.notebooks / "copd").mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells), run.notebooks / "copd" / "22_emphysema_volume.ipynb")
    return run


def test_the_page_names_run_commit_and_file_of_each_table(run, known, tmp_path, monkeypatch):
    monkeypatch.setattr("drasclr_core.workflow.shown_files.COMMITTED", ())
    write_paper_page(run, known, source := tmp_path / "source")
    text = (source / "paper_tables.md").read_text()
    assert "Ours: 77 simulated subjects, 5 folds; run `r`, commit `abc123def456`, 2026-01-02." in text
    assert (source / "_static/tables/r/table2.csv").read_bytes() == (run.results / "table2.csv").read_bytes()
    assert "_static/tables/r/table2.csv" in text and text.count("**Not run here**") == 7
    assert (source / "_static/tables/figure4.svg").read_text() == "<svg/>" and "alt: Box plots & more." in text
    assert text.count("**Not run here.**") == 1, "the second paper's tasks"
    assert text.count("did not make the page `2") == 2, "figures whose pages did not run"


def test_a_figure_that_may_not_be_drawn_is_that_of_another_method_and_says_so(run, known, tmp_path, monkeypatch):
    monkeypatch.setattr("drasclr_core.workflow.shown_files.COMMITTED", ())
    drawn = run.notebooks / "copd" / "22_emphysema_volume.ipynb"
    drawn.rename(drawn.with_stem("22_emphysema_volume-models_genesis_finetuned"))
    nbformat.write(new_notebook(cells=[new_code_cell("")]), drawn)
    (run.results / "fig4_models_genesis_finetuned.csv").write_text("subtype,detected\nparaseptal,1\n")
    write_paper_page(run, known, source := tmp_path / "source")
    text = (source / "paper_tables.md").read_text()
    assert "**Models Genesis, fine-tuned, not DrasCLR; paraseptal emphysema only.**" in text
    assert (source / "_static/tables/figure4.svg").exists()
    assert "fig4_models_genesis_finetuned.csv" in text
    drawn.with_stem("22_emphysema_volume-models_genesis_finetuned").unlink()
    write_paper_page(run, known, source)
    assert (source / "paper_tables.md").read_text().count("was run, and says why it draws nothing") == 1


def test_each_table_names_its_spread(run, known, tmp_path, monkeypatch):
    monkeypatch.setattr("drasclr_core.workflow.shown_files.COMMITTED", ())
    write_paper_page(run, known, source := tmp_path / "source")
    text = (source / "paper_tables.md").read_text()
    assert "stand alone; after ± the bootstrapped standard error. Page: [11]" in text
    table(run, "table3", confounders=0.68, drasclr=0.7)
    record(run, "11_survival")
    write_paper_page(run, known, source)
    parts = (source / "paper_tables.md").read_text().split("\n## ")
    said = "After ±, in both: bootstrapped standard error. Ours: 77"
    named = [part.splitlines()[0] for part in parts if said in part]
    assert named == ["Paper Table 3: survival"], "the others are deviations over folds"


def test_the_second_paper_s_tasks_are_those_of_the_table(run, known, tmp_path, monkeypatch):
    monkeypatch.setattr("drasclr_core.workflow.shown_files.COMMITTED", ())
    rows = [(name, "Brain tumours", "Dice whole tumour", 0.6, 0.1) for name in ("joint", "random")]
    found = pd.DataFrame(rows, columns=["method", "task", "metric", "mean", "sd"])
    found.to_csv(run.results / "joint_tasks.csv", index=False)
    record(run, "52_joint_tasks")
    write_paper_page(run, known, source := tmp_path / "source")
    told = (source / "paper_tables.md").read_text().partition("## The second paper")[2]
    assert "Brain tumours" in told and "no scans of brains" not in told and "data are simulated" in told


def test_a_table_of_another_run_says_so(run, known, tmp_path, monkeypatch):
    other = Run(str(tmp_path / "runs" / "ablations"))
    table(other, "table6", drasclr_local=0.3)
    record(other, "30_conditioning")
    monkeypatch.setattr("drasclr_core.workflow.shown_files.project_root", lambda: tmp_path)
    found = shown_file(run, known, "30_conditioning", "table6.csv")
    assert found.borrowed and found.made == "run `ablations`, commit `abc123def456`, 2026-01-02"
    write_paper_page(run, known, source := tmp_path / "source")
    assert "This is another run than that of this book" in (source / "paper_tables.md").read_text()
    table(other, "table3", drasclr=0.7)
    assert shown_file(run, known, "11_survival", "table3.csv") is None, "every run makes this table itself"
    record(run, "01_cohort", parameters={"manifest": "scans.csv"})
    assert shown_file(run, known, "30_conditioning", "table6.csv") is None, "somebody's scans borrow nothing"


def test_the_first_page_tells_what_came_out(run, known):
    claims = [("reproduced", "better than chance"), ("undecided", "like BODE"), ("cannot be tested", "like MoCo")]
    pd.DataFrame(claims, columns=["verdict", "short"]).to_csv(run.results / "scorecard.csv", index=False)
    text = answer(run, known)
    assert "Of the paper's 3 claims" in text and "reproduces **1**" in text and "does not reproduce **0**" in text
    assert "better than chance" in text and "like BODE" not in text
    (line,) = (line for line in text.splitlines() if "Lung function" in line)
    assert line.endswith("| 0.57 | −0.01 | 0.41 | 0.41 (LAA-950) | 0.81 |") and "up to 77 simulated subjects" in text
    assert "in 1 of 1" in text


def test_the_first_page_tells_what_became_of_the_aims(run, known):
    rows = [("laa950", "logFEV1pp", "reached"), ("kmeans", "logFEV1pp", "missed")]
    pd.DataFrame(rows, columns=["against", "tasks", "verdict"]).to_csv(run.results / "longer_aims.csv", index=False)
    record(run, "34_longer_training", parameters={})
    (line,) = (line for line in answer(run, known).splitlines() if "fixed beforehand" in line)
    assert "**In part.** DrasCLR, longer, like density, in the run `r`: 1 of 2 reached (better than LAA-950" in line
    record(run, "34_longer_training", parameters={"reference": "drasclr"})
    assert "**In part.** DrasCLR, in the run `r`: 1 of 2 reached" in answer(run, known)


def test_the_first_page_of_a_run_without_results(tmp_path, known):
    assert "no results yet" in answer(Run(str(tmp_path / "r")), known)


def test_a_run_on_somebody_s_scans_is_not_called_simulated(run, known):
    record(run, "01_cohort", parameters={"manifest": "scans.csv"})
    assert "simulated" not in answer(run, known)


def test_what_is_cited_is_the_paper_and_this_software():
    text = citation(ROOT)
    assert "10.1016/j.media.2023.103062" in text and text.count("@") == 2
    assert "version = {0.1.0}" in text and text.count("{") == text.count("}")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"most_steps": 600}, "trained for 600 steps, 256 patches in a step."),
        ({"epochs": 4}, "trained for 4 epochs, 256 patches in a step."),
        ({"minutes": 4, "most_steps": 600}, "trained for 4 minutes of one core: it has seen 9,000 patches."),
    ],
)
def test_the_first_page_says_how_long_the_training_was_that_the_run_has(tmp_path, asked, told):
    """A table of notebook 15 that knows an older training says nothing of one that was given steps or epochs."""
    run = Run(str(tmp_path / "run"), "copd")
    write_json(run.pretrain() / "config.json", {"config": asked, "patches_per_step": 256})
    write_json(stage_record(run, "06_pretrain"), {"parameters": asked})
    assert (told in _training(run)) == ("minutes" not in asked), "without notebook 15"
    run.results.mkdir(parents=True, exist_ok=True)
    (run.results / "methods_copd.csv").write_text("method,shown,given\ndrasclr,9000,4.0\n")
    assert told in _training(run)
