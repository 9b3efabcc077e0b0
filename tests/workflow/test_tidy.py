from pathlib import Path

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from drasclr_core.run import project_root
from drasclr_core.workflow.parameters import declared
from drasclr_core.workflow.tidy import portable_text, tidy_notebook

RECORD = {
    "run": "demo", "preset": "demo", "cohort": "copd", "day": "2026-01-02", "seconds": 61.2, "peak_mb": 812.0,
    "parameters": {"run": "demo", "subjects": 12}, "code": {"sha": "abc", "dirty": True}, "versions": {"torch": "2"},
    "hardware": {"cores": 2, "cpu": "x", "memory_gb": 8, "gpu": "none"},
}  # fmt: skip


@pytest.fixture
def executed(tmp_path):
    """A notebook as papermill leaves it."""
    source = 'run = "demo"  # name of the run\nsubjects = 64  # how many'
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# Title"),
            new_code_cell(source, metadata={"tags": ["parameters"]}),
            new_code_cell("import sys; print(1); print(2, file=sys.stderr); raise_path = 'x'"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}},
    )
    raw = tmp_path / "raw.ipynb"
    nbformat.write(notebook, raw)
    papermill.execute_notebook(raw, tmp_path / "out.ipynb", {"subjects": 12}, progress_bar=False)
    return tidy_notebook(nbformat.read(tmp_path / "out.ipynb", 4), RECORD, declared(source))


def test_parameters_become_a_table_with_the_values_of_this_run(executed):
    table = next(cell for cell in executed.cells if cell.id == "parameters-table").source
    assert "| `subjects` | 12 | how many |" in table and "| `run` | demo | name of the run |" in table
    hidden = [
        cell for cell in executed.cells if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", []))
    ]
    assert len(hidden) == 2 and all("remove-cell" in cell.metadata.tags for cell in hidden)


def test_stamp_says_what_made_the_page(executed):
    last = executed.cells[-1].source
    assert "Run `demo`" in last and "`abc` with uncommitted changes" in last and "61 s and 812 MB" in last


def test_no_stderr_no_papermill_metadata(executed):
    text = nbformat.writes(executed)
    assert "papermill" not in text.replace("RECORD", "") and 'stderr"' not in text
    nbformat.validate(executed)


def test_markdown_without_a_word_is_left_out(executed):
    cell = executed.cells[-2]
    data = {"text/plain": "<IPython.core.display.Markdown object>", "text/markdown": ""}
    cell.outputs = [new_output("display_data", data), new_output("display_data", {**data, "text/markdown": "said"})]
    again = tidy_notebook(executed, RECORD, {})
    (kept,) = next(other for other in again.cells if other.id == cell.id).outputs
    assert kept.data["text/markdown"] == "said"


def test_absolute_paths_are_cut():
    assert portable_text(f"{project_root()}/runs/demo/x.csv") == "runs/demo/x.csv"
    assert portable_text(f"see {Path.home()}/data/scans/a.nii.gz now") == "see …/a.nii.gz now"
    assert portable_text("mask = '/data/lungs/mask.nii.gz'") == "mask = '…/mask.nii.gz'"


@pytest.mark.parametrize(
    "text",
    ["and/or 3/4", "https://doi.org/10.1016/j.media", "data:image/jpeg;base64,/9j/4AAQ/x+/ab/cd==", "<td>a</td>"],
)
def test_what_is_no_path_stays(text):
    assert portable_text(text) == text


def test_outputs_lose_their_paths():
    output = new_output("display_data", {"text/html": f"<p>{project_root()}/runs/a.csv</p>"})
    notebook = new_notebook(cells=[new_code_cell("x", outputs=[output])])
    tidy = tidy_notebook(notebook, RECORD, {})
    assert tidy.cells[0].outputs[0].data["text/html"] == "<p>runs/a.csv</p>"
