"""Stored notebooks have the promised form: one parameters cell, no outputs, no algorithm, a page's sections."""

import re

import nbformat
import papermill
import pytest
import yaml

from drasclr_core.run import project_root
from drasclr_core.workflow.plan import RESOURCES
from drasclr_core.workflow.stages import plain, read_notebooks

ROOT = project_root(__file__)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECTIONS = [
    "What you will learn",
    "Time and memory",
    "Inputs",
    "Outputs",
    "Expected result",
    "Differences from the paper",
]

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_valid_and_stored_without_outputs(path):
    nbformat.validate(nbformat.read(path, as_version=4))
    assert all(not cell.outputs and cell.execution_count is None for cell in code_cells(path))


def test_length(path):
    notebook = nbformat.read(path, as_version=4)
    assert 15 <= len(notebook.cells) <= 30
    assert sum(len(cell.source.splitlines()) for cell in code_cells(path)) <= 250


def test_code_that_only_draws_is_folded(path):
    """What a stage does stands open, how its pictures and tables are made does not."""
    opened = [cell for cell in code_cells(path) if "hide-input" not in cell.metadata.get("tags", [])]
    assert [cell.id for cell in opened if "csv_links(" in cell.source or "_plot(" in cell.source] == []


def test_every_parameter_is_explained_and_run_comes_first(path):
    tagged = [cell for cell in code_cells(path) if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    parameters = papermill.inspect_notebook(path)
    assert list(parameters)[:2] == ["run", "cohort"]
    assert [name for name, parameter in parameters.items() if not parameter["help"].strip()] == []


def test_no_algorithm(path):
    lines = [line for cell in code_cells(path) for line in cell.source.splitlines()]
    assert [line for line in lines if re.match(r"\s*(def|class|while) ", line)] == []


def test_page_says_what_a_reader_needs(path):
    text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    assert text.startswith("# ")
    assert [section for section in SECTIONS if section not in text] == []
    assert re.search(r"^## Exercises", text, re.M) and re.search(r"^## Provenance", text, re.M)


def test_metadata_say_part_order_and_cost(path):
    notebook = read_notebooks()[path.stem]
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    assert notebook.part in [entry.get("stages") for part in toc["parts"] for entry in part["chapters"]]
    assert all(plain(entry) != path.stem for entry in notebook.after)
    assert notebook.cost["seconds"] > 0 and set(notebook.cost) <= {"seconds", "per"}
    assert set(notebook.resources) <= set(RESOURCES)


def test_defaults_are_allowed(path):
    for parameter in read_notebooks()[path.stem].parameters.values():
        assert parameter.convert(parameter.default) == parameter.default


def test_parameters_are_checked_before_work_begins(path):
    lines = code_cells(path)[1].source.splitlines()
    assert lines.count("check_parameters(globals())") == 1
    work = [number for number, line in enumerate(lines) if re.match(r"[a-z_.]+( = |\()", line)]
    assert lines.index("check_parameters(globals())") in work[:2], "only the style comes before"


def test_kernel_runs_anywhere(path):
    assert nbformat.read(path, as_version=4).metadata.kernelspec["name"] == "python3"
    assert "/home/" not in path.read_text() and "/root/" not in path.read_text()
