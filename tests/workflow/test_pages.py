import pandas as pd
import pytest

from drasclr_core.run import Run
from drasclr_core.workflow.pages import headline, provenance_page

RECORD = {
    "run": "r",
    "cohort": "copd",
    "stage": "06_pretrain",
    "seconds": 90.0,
    "peak_mb": 1500.0,
    "day": "2026-01-02",
    "code": {"sha": "abc", "dirty": False},
    "hardware": {"cores": 2},
    "versions": {"torch": "2"},
    "parameters": {"epochs": 3},
    "inputs": {"copd/atlas/landmarks.npy": "0123456789ab"},
}


@pytest.fixture
def run(tmp_path):
    return Run(str(tmp_path / "r"))


def test_headline_shows_the_numbers_of_the_result_file(run):
    rows = [
        {
            "method": method,
            "task": task,
            "metric": metric,
            "mean": mean,
            "sd": 0.04 if metric == "R2" else 3.0,
            "subjects": 64,
            "folds": 5,
        }
        for task, metric in {"logFEV1pp": "R2", "logFEV1/FVC": "R2", "GOLD": "accuracy", "CLE": "accuracy"}.items()
        for method, mean in {"chance": 0.0, "laa950": 0.41, "drasclr": 0.57}.items()
    ]
    run.results.mkdir(parents=True)
    pd.DataFrame(rows).to_csv(run.results / "table2.csv", index=False)
    text = headline(run, "demo")
    assert "| Chance | LAA-950 | DrasCLR |" in text and "0.00 ± 0.04 | 0.41 ± 0.04 | 0.57 ± 0.04" in text
    assert "64 simulated subjects, 5 folds, run `demo`" in text


def test_headline_without_a_result_says_so(run):
    assert "no Table 2 yet" in headline(run, "demo")


def test_provenance_page_holds_cost_machine_parameters_and_inputs():
    page = provenance_page({"run": "r", "stages": [RECORD]})
    for piece in ("90", "1500", "abc", "cores: 2", "torch: '2'", "epochs: 3", "0123456789ab", "1.5 minutes", "1.5 GB"):
        assert piece in page


def test_provenance_of_an_empty_run():
    assert "No stage" in provenance_page({"run": "r", "stages": []})
