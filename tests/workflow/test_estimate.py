import os
import time

import pandas as pd
import pytest

from drasclr_core.files import write_json
from drasclr_core.provenance import stage_record
from drasclr_core.run import Run
from drasclr_core.workflow.estimate import (
    START_SECONDS,
    all_expected,
    expected_seconds,
    finished,
    progress,
    seconds_to_end,
)
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
    assert progress(preset, run, "01_cohort", 1).startswith("stage 1 of 2, about 7 min left")
    page = run.notebooks / "copd/01_cohort.ipynb"
    page.parent.mkdir(parents=True)
    page.touch()
    write_json(stage_record(run, "01_cohort"), {"seconds": 2 * (START_SECONDS + 40)})
    assert progress(preset, run, "06_train", 1).startswith("stage 2 of 2, about 13 min left")
    assert progress(preset, run, "06_train", 2).startswith("stage 2 of 2, about 13 min left"), "a stage is whole"


def test_the_pace_is_that_of_the_work_also_where_its_page_was_made_once_more(preset, tmp_path):
    run = Run(str(tmp_path / "r"))
    page = run.notebooks / "copd/01_cohort.ipynb"
    page.parent.mkdir(parents=True)
    page.touch()
    work = {"seconds": 2 * (START_SECONDS + 40)}
    write_json(stage_record(run, "01_cohort"), {"seconds": 3.0, "computed": work})
    assert "about 13 min left" in progress(preset, run, "06_train", 1)


@pytest.fixture
def two_cohorts(tmp_path, write_notebook):
    """A long chain, a short chain and a page that waits for nothing and that nothing waits for."""
    write_notebook(tmp_path / "01_cohort.ipynb", "subjects = 10  # how many\n", cost={"seconds": 60})
    write_notebook(
        tmp_path / "06_train.ipynb",
        "epochs = 5  # how often\n",
        after=["01_cohort"],
        cost={"seconds": 60, "per": ["epochs"]},
    )
    write_notebook(tmp_path / "08_look.ipynb", "views = 1  # how many\n", cost={"seconds": 240})
    (tmp_path / "x.yaml").write_text(
        "stages: {01_cohort: , 06_train: , 08_look: }\n"
        "cohorts: {copd: , covid: {only: [01_cohort, 06_train], 06_train: {epochs: 1}}}"
    )
    return Preset.load(tmp_path / "x.yaml", read_notebooks(tmp_path))


def test_to_the_end_takes_a_stage_and_the_longest_chain_behind_it(two_cohorts, tmp_path):
    seconds = all_expected(two_cohorts, Run(str(tmp_path / "r")))
    to_end = seconds_to_end(two_cohorts, seconds)
    assert set(to_end) == set(seconds) and len(seconds) == 5
    own = START_SECONDS
    assert to_end["copd", "01_cohort"] == 2 * own + 60 + 300 and to_end["covid", "01_cohort"] == 2 * own + 60 + 60
    assert to_end["copd", "08_look"] == own + 240
    assert sorted(to_end, key=to_end.get)[-3:] == [("copd", "08_look"), ("copd", "06_train"), ("copd", "01_cohort")]


def test_a_page_that_is_older_than_what_comes_before_it_is_not_finished(two_cohorts, tmp_path):
    """As Snakemake sees it: what waits for a stage that is executed anew is executed anew."""
    run = Run(str(tmp_path / "r"))
    pages = [run.notebooks / "copd" / f"{stage}.ipynb" for stage in ("01_cohort", "06_train", "08_look")]
    pages[0].parent.mkdir(parents=True)
    later = time.time() + 10
    for page in pages:
        page.touch()
        os.utime(page, (later, later))
    assert finished(two_cohorts, run) == {("copd", page.stem) for page in pages}
    os.utime(pages[0], (later + 5, later + 5))
    assert finished(two_cohorts, run) == {("copd", "01_cohort"), ("copd", "08_look")}
    pages[0].unlink()
    assert finished(two_cohorts, run) == {("copd", "08_look")}
    os.utime(pages[2], (later - 60, later - 60))
    assert finished(two_cohorts, run) == set(), "its notebook was changed since"


def test_a_run_lasts_as_long_as_its_longest_chain_however_many_stages_run_at_once(two_cohorts, tmp_path):
    run = Run(str(tmp_path / "r"))
    assert "stage 1 of 5, about 13 min left" in progress(two_cohorts, run, "01_cohort", 1)
    assert "stage 1 of 5, about 7 min left" in progress(two_cohorts, run, "01_cohort", 2)
    assert "stage 1 of 5, about 7 min left" in progress(two_cohorts, run, "01_cohort", 5)
