import pandas as pd
import pytest

from drasclr_core.files import write_json
from drasclr_core.provenance import stage_record
from drasclr_core.run import Run
from drasclr_core.workflow.estimate import START_SECONDS, expected_seconds, progress
from drasclr_core.workflow.preset import Preset
from drasclr_core.workflow.stages import read_notebooks


@pytest.fixture
def preset(tmp_path, write_notebook):
    cost = {"seconds": 2, "per": ["subjects"]}
    write_notebook(tmp_path / "01_cohort.ipynb", "subjects = 10  # how many\n", cost=cost)
    cost = {"seconds": 3, "per": ["subjects", "epochs"]}
    write_notebook(tmp_path / "06_train.ipynb", "epochs = 5  # how often\n", cost=cost)
    (tmp_path / "x.yaml").write_text("stages: {01_cohort: {subjects: 20}, 06_train: }\ncohorts: {copd: }")
    return Preset.load(tmp_path / "x.yaml", read_notebooks(tmp_path))


def test_cost_grows_with_the_parameters_that_the_notebook_names(preset, tmp_path):
    run = Run(str(tmp_path / "r"))
    assert expected_seconds(preset, run, "01_cohort") == START_SECONDS + 2 * 20
    assert expected_seconds(preset, run, "06_train") == START_SECONDS + 3 * 20 * 5
    run.subjects.parent.mkdir(parents=True)
    pd.DataFrame({"sid": ["a", "b"]}).to_parquet(run.subjects)
    assert expected_seconds(preset, run, "06_train") == START_SECONDS + 3 * 2 * 5, "the cohort has two subjects"


def test_time_left_follows_the_pace_of_the_finished_stages(preset, tmp_path):
    run = Run(str(tmp_path / "r"))
    assert progress(preset, run, "01_cohort", 1).startswith("stage 1 of 2, about 6 min left")
    page = run.notebooks / "copd/01_cohort.ipynb"
    page.parent.mkdir(parents=True)
    page.touch()
    write_json(stage_record(run, "01_cohort"), {"seconds": 2 * (START_SECONDS + 40)})
    assert progress(preset, run, "06_train", 1).startswith("stage 2 of 2, about 10 min left")
    assert progress(preset, run, "06_train", 2).startswith("stage 2 of 2, about 5 min left")
