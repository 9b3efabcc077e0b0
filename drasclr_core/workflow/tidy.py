"""From papermill's raw output to a page: a parameters table, a provenance stamp, nothing that names a machine."""

from __future__ import annotations

from collections.abc import Collection

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from drasclr_core.workflow.pages import markdown
from drasclr_core.workflow.parameters import Parameter
from drasclr_core.workflow.portable import portable_text, portable_value


def tidy_notebook(
    notebook: NotebookNode, record: dict, parameters: dict[str, Parameter], known: Collection[str] = ()
) -> NotebookNode:
    """Returns a copy of an executed notebook, made readable and portable.

    The parameters cells become one table, the last cell states how the page was made, papermill's own metadata and the
    progress bars go, and absolute paths are cut to what follows the project's folder (or to the file's name).

    Parameters
    ----------
    notebook : NotebookNode
        As papermill left it: one cell tagged ``parameters``, perhaps one tagged ``injected-parameters``.
    record : dict
        The stage's provenance record (see `drasclr_core.workflow.execute`).
    parameters : dict
        From `drasclr_core.workflow.parameters.declared`.
    known : collection of str
        Folders of this machine that are cut wherever they stand (see `portable.known_folders`).
    """
    notebook = nbformat.from_dict(notebook)
    notebook.metadata.pop("papermill", None)
    cells = []
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [_portable(output, known) for output in cell.outputs if not _is_noise(output)]
            cell.source = portable_text(cell.source, known)
        if "parameters" in tags:
            table = parameter_table(parameters, record["parameters"], known)
            cells.append(new_markdown_cell(table, id="parameters-table"))
            cell.metadata["tags"] = [*tags, "remove-cell"]
        elif "injected-parameters" in tags:
            cell.metadata["tags"] = [*tags, "remove-cell"]
        cells.append(cell)
    cells.append(new_markdown_cell(stamp(record), id="provenance-stamp"))
    notebook.cells = cells
    return notebook


def parameter_table(parameters: dict[str, Parameter], values: dict, known: Collection[str] = ()) -> str:
    """Returns a Markdown table of parameter, value in this run, and meaning (the comment behind the parameter).

    Absolute paths are cut, those below the folders `known` whatever stands around them.
    """
    cut = {name: portable_value(values.get(name, one.default), known) for name, one in parameters.items()}
    shown = {name: portable_text(str(value), known) for name, value in cut.items()}
    return markdown("parameters.md", parameters=parameters.values(), shown=shown)


def stamp(record: dict) -> str:
    """Returns the last lines of a page: what made it."""
    return markdown("stamp.md", **record)


def _is_noise(output: NotebookNode) -> bool:
    """Progress bars, and Markdown without a word, of which a page would show the name of its Python object."""
    return output.get("name") == "stderr" or output.get("data", {}).get("text/markdown") == ""


def _portable(output: NotebookNode, known: Collection[str]) -> NotebookNode:
    if "text" in output:
        output.text = portable_text(output.text, known)
    for kind in ("text/plain", "text/html", "text/markdown"):
        if kind in output.get("data", {}):
            output.data[kind] = portable_text(output.data[kind], known)
    return output
