import html

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from drasclr_core.run import project_root
from drasclr_core.workflow.parameters import declared
from drasclr_core.workflow.portable import known_folders, portable_value
from drasclr_core.workflow.tidy import parameter_table, tidy_notebook

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


def test_outputs_lose_their_paths():
    output = new_output("display_data", {"text/html": f"<p>{project_root()}/runs/a.csv</p>"})
    notebook = new_notebook(cells=[new_code_cell("x", outputs=[output])])
    tidy = tidy_notebook(notebook, RECORD, {})
    assert tidy.cells[0].outputs[0].data["text/html"] == "<p>runs/a.csv</p>"


def test_a_path_given_as_a_parameter_is_nowhere_on_the_page():
    """The letters of the injected cell are ASCII, those of a table of HTML are escaped."""
    given = {"run": "demo", "image": "/data/[Müller], Hans & Co: 1950/a scan.nii.gz"}
    folder = given["image"].rpartition("/")[0]
    injected = f'image = "{given["image"].encode("unicode_escape").decode()}"'
    outputs = [
        new_output("stream", name="stdout", text=f"{given['image']}: read\nnothing else in {folder}\n"),
        new_output("display_data", {"text/html": f"<td>{html.escape(folder)}/b.nii.gz</td>"}),
        new_output("display_data", {"text/markdown": f"`{given['image']}`"}),
    ]
    cells = [new_code_cell(injected, metadata={"tags": ["injected-parameters"]}), new_code_cell("x", outputs=outputs)]
    source = 'run = "demo"  # name of the run\nimage = ""  # the scan'
    record = RECORD | {"parameters": {name: portable_value(value) for name, value in given.items()}}
    cells.insert(0, new_code_cell(source, metadata={"tags": ["parameters"]}))
    tidy = tidy_notebook(new_notebook(cells=cells), record, declared(source), known_folders(given))
    text = nbformat.writes(tidy)
    assert record["parameters"] == {"run": "demo", "image": "…/a scan.nii.gz"}
    assert "…/a scan.nii.gz | the scan" in text and "…/b.nii.gz" in text and "…/a scan.nii.gz: read" in text
    assert not any(name in text for name in ("Müller", "xfcller", "Hans", "1950", "/data"))


def test_paths_in_a_dict_or_a_list_are_nowhere_on_the_page():
    folder = "/data/Doe [Jane]: 1950"
    given = {"folders": {"heart": f"{folder}/mmwhs"}, "scans": [f"{folder}/a.nii.gz"]}
    source = "folders = {}  # by task\nscans = []  # the scans"
    cells = [
        new_code_cell(source, metadata={"tags": ["parameters"]}),
        new_code_cell(f"folders = {given['folders']!r}", metadata={"tags": ["injected-parameters"]}),
        new_code_cell("x", outputs=[new_output("stream", name="stdout", text=f"nothing else in {folder}\n")]),
    ]
    record = RECORD | {"parameters": {name: portable_value(value) for name, value in given.items()}}
    tidy = tidy_notebook(new_notebook(cells=cells), record, declared(source), known_folders(given))
    text = nbformat.writes(tidy)
    assert record["parameters"] == {"folders": {"heart": "…/mmwhs"}, "scans": ["…/a.nii.gz"]}
    assert "{'heart': '…/mmwhs'} | by task" in text and "['…/a.nii.gz'] | the scans" in text
    assert not any(name in text for name in ("Doe", "Jane", "1950", "/data"))


def test_the_table_of_parameters_cuts_what_is_below_a_known_folder():
    table = parameter_table(declared('note = ""  # words'), {"note": "from /data/Doe: x/y"}, ["/data/Doe: x"])
    assert "Doe" not in table and "from …/y | words" in table
