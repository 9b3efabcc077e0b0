"""The check inside a notebook, as papermill and Jupyter run it."""

import json
import re
import subprocess
import sys

import nbformat
import pytest

from drasclr_core.run import project_root
from drasclr_core.workflow.check import check_parameters, expect

ROOT = project_root(__file__)
SOURCE = 'run = "demo"  # name\ncohort = "copd"  # cohort\n' + "folds = 5  # folds [2 or more]\n"
CODE = """from drasclr_core.workflow import check_parameters
check_parameters(globals())
print(repr(run), repr(folds))"""


def namespace(injected: str, **values) -> dict:
    return {"In": ["", SOURCE, *([f"# Parameters\n{injected}\n"] if injected else []), CODE], **values}


def test_values_that_are_given_get_the_type_of_the_default():
    found = namespace("run = 2024\nfolds = 3.0", run=2024, folds=3.0, other="left alone")
    check_parameters(found)
    assert (found["run"], found["folds"], found["other"]) == ("2024", 3, "left alone")


def test_without_papermill_there_is_nothing_to_check():
    check_parameters({"folds": "edited by hand"})
    check_parameters(namespace("", folds=1))


@pytest.mark.parametrize("injected, values, said", [
    ("fold = 3", {"fold": 3}, "parameters: no parameter 'fold': did you mean 'folds'"),
    ("folds = 1", {"folds": 1}, "folds is 1, and must be a whole number, 2 or more"),
    ("spacng = 2", {"spacng": 2}, "did you mean 'spacing' of 01_cohort"),
])  # fmt: skip
def test_what_cannot_be_is_an_error(injected, values, said):
    with pytest.raises(ValueError, match=said):
        check_parameters(namespace(injected, **values))


@pytest.mark.parametrize("given, printed", [(("run", "2024_01"), "'2024_01' 5"), (("folds", "3"), "'demo' 3")])
def test_papermill_by_hand(tmp_path, given, printed, write_notebook):
    out = tmp_path / "out.ipynb"
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(write_notebook(tmp_path / "01_toy.ipynb", "folds = 5  # folds\n", CODE)),
        str(out),
    ]
    done = subprocess.run([*command, "-p", *given], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert nbformat.read(out, 4).cells[-1].outputs[0].text.strip() == printed


def test_papermill_by_hand_stops_at_a_misspelt_parameter(tmp_path, write_notebook):
    notebook = write_notebook(tmp_path / "01_toy.ipynb", "subjects = 5  # how many\n", CODE)
    command = [sys.executable, "-m", "papermill", str(notebook), str(tmp_path / "out.ipynb"), "-p", "subjcts", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0 and "no parameter 'subjcts': did you mean 'subjects'?" in done.stderr


def test_what_is_not_as_expected_is_said_and_stops_nothing(capsys):
    expect(True, "nothing")
    assert capsys.readouterr().out == ""
    expect(False, "R² is only 0.01")
    assert "Markdown" in capsys.readouterr().out


def test_no_page_stops_a_run_because_a_result_is_small():
    for path in (project_root() / "notebooks").glob("*.ipynb"):
        code = "\n".join("".join(cell["source"]) for cell in json.loads(path.read_text())["cells"])
        assert not re.search(r"assert [^\n]*(minimum_|was expected)", code), path.name
