"""A page that is older than what it builds on says so, and no other does."""

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from drasclr_core.files import write_json
from drasclr_core.provenance import stage_record
from drasclr_core.run import Run
from drasclr_core.workflow.opening import DETAILS
from drasclr_core.workflow.outdated import dated, executed_since, outdated_note
from drasclr_core.workflow.stages import read_notebooks

RECORDS = [
    {"cohort": cohort, "stage": stage, "day": f"2026-01-0{day}"}
    for cohort, stage, day in (
        ("copd", "01_cohort", 1),
        ("copd", "06_train", 2),
        ("copd", "06_train-long", 5),
        ("covid", "06_train", 4),
        ("copd", "10_table", 3),
        ("covid", "10_table", 4),
    )
]


@pytest.fixture
def notebooks(tmp_path, write_notebook):
    write_notebook(tmp_path / "01_cohort.ipynb")
    write_notebook(tmp_path / "06_train.ipynb", 'method = "plain"  # which\n', after=["01_cohort"], named_by="method")
    write_notebook(tmp_path / "10_table.ipynb", after=["06_train*"])
    write_notebook(tmp_path / "40_both.ipynb", after=["*/10_table"])
    return read_notebooks(tmp_path)


def later(record, notebooks):
    return [one["stage"] for one in executed_since(record, RECORDS, notebooks)]


def test_what_comes_before_a_page_and_is_younger(notebooks):
    assert later(RECORDS[4], notebooks) == ["06_train-long"], "of this cohort alone, whatever the suffix"
    assert later(RECORDS[1], notebooks) == later(RECORDS[2], notebooks) == later(RECORDS[5], notebooks) == []
    both = {"cohort": "copd", "stage": "40_both", "day": "2026-01-03"}
    found = executed_since(both, RECORDS, notebooks)
    assert [(one["cohort"], one["stage"]) for one in found] == [("covid", "10_table")]


def test_the_note_names_the_latest_and_counts_the_others():
    many = [{"cohort": "copd", "stage": f"06_train-{name}", "day": "2026-01-09"} for name in "abcdef"]
    note = outdated_note(RECORDS[4], many)
    assert "made on 2026-01-03" in note and "`06_train-a` (copd, 2026-01-09)" in note and "and 2 more" in note
    assert outdated_note(RECORDS[4], []) == ""


def test_the_note_stands_below_the_answer_or_under_the_title(notebooks, tmp_path):
    run = Run(str(tmp_path / "r"))
    for record in RECORDS:
        write_json(stage_record(Run(str(tmp_path / "r"), record["cohort"]), record["stage"]), record)
    page = lambda: new_notebook(cells=[new_markdown_cell("# A table\n\nWhat it shows.")])  # noqa: E731
    old = dated(run, page(), run.notebooks / "copd/10_table.ipynb", notebooks)
    assert [cell.source.split()[0] for cell in old.cells] == ["#", ":::{note}", "What"]
    assert old.cells[0].source == "# A table" and "06_train-long" in old.cells[1].source
    answered = page()
    answered.cells += [new_markdown_cell("The answer."), new_markdown_cell("Folded.", id=DETAILS)]
    old = dated(run, answered, run.notebooks / "copd/10_table.ipynb", notebooks)
    assert [cell.source.split()[0] for cell in old.cells] == ["#", "The", ":::{note}", "Folded."]
    for name in ("covid/10_table", "copd/06_train", "copd/99_unknown"):
        (cell,) = dated(run, page(), run.notebooks / f"{name}.ipynb", notebooks).cells
        assert cell.source == page().cells[0].source
