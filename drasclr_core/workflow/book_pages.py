"""What becomes of an executed notebook when it goes into a book: links that hold, and a name of its own."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from drasclr_core.methods import row_of
from drasclr_core.run import project_root
from drasclr_core.workflow.notebook_links import with_links
from drasclr_core.workflow.opening import opened
from drasclr_core.workflow.stages import Notebook, notebook_of, suffix_of


def with_page(executed: Collection[Path], gathered: Mapping[str, str]) -> list[Path]:
    """Returns the executed notebooks that have a page of their own.

    Stages with a suffix have none where the notebook that shows them together was executed too: `gathered` names it by
    notebook.
    """
    there = {notebook_of(path.stem) for path in executed}
    return [path for path in executed if not (suffix_of(path.stem) and gathered.get(notebook_of(path.stem)) in there)]


def page_names(notebooks: Collection[Path], main_cohort: str) -> dict[str, Path]:
    """Executed notebooks (``<cohort>/<stage>.ipynb``) by the name of their page.

    A notebook's first page, of the main cohort if that has one, is ``notebooks/<notebook>``; what the same notebook
    gave for another cohort or method has these in its name.
    """
    pages = {}
    for path in sorted(notebooks, key=lambda path: (path.parent.name != main_cohort, path.parent.name, path.stem)):
        first = f"notebooks/{notebook_of(path.stem)}"
        pages[f"notebooks/{path.stem}-{path.parent.name}" if first in pages else first] = path
    return pages


def book_page(name: str, pages: dict[str, Path]) -> NotebookNode:
    """The page `name` of `page_names`.

    Links to other notebooks lead to the same cohort's page, else to the main one, else to the stub of one not made. A
    page with an earlier page of the same notebook is named by its cohort and method and has no exercises, whose labels
    a book may hold once.
    """
    notebook = pages[name]
    page, cohort = opened(nbformat.read(notebook, as_version=4)), notebook.parent.name

    def target(link: re.Match) -> str:
        own = f"{link[1]}-{cohort}"
        if f"notebooks/{own}" in pages:
            return f"]({own}.ipynb"
        return link[0] if f"notebooks/{link[1]}" in pages else f"]({link[1]}.md"

    if name != f"notebooks/{notebook_of(notebook.stem)}":
        begins = {cell.source.partition("\n")[0]: number for number, cell in enumerate(page.cells)}
        exercises, provenance = (begins.get(f"## {title}", len(page.cells)) for title in ("Exercises", "Provenance"))
        del page.cells[exercises:provenance]
        title, newline, rest = page.cells[0].source.partition("\n")
        page.cells[0].source = f"{title} ({made_for(notebook)}){newline}{rest}"
    known = {one.name[:2]: one.stem for one in sorted((project_root() / "notebooks").glob("[0-9][0-9]_*.ipynb"))}
    known.pop(notebook.name[:2], None)  # a page does not link to itself
    for cell in page.cells:
        if cell.cell_type == "markdown":
            text = with_links(cell.source, lambda number: _to(number, known, "[{}]({}.ipynb)"))
            cell.source = re.sub(r"\]\((\d\d_\w+)\.ipynb", target, text)
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "text/markdown" in data:  # of which the builder resolves no link between pages
                text = with_links(
                    data["text/markdown"], lambda number: _to(number, known, '<a href="{1}.html">{0}</a>')
                )
                data["text/markdown"] = re.sub(
                    r"\]\((\d\d_\w+)\.ipynb", lambda link: f"{target(link).rpartition('.')[0]}.html", text
                )
    return page


def _to(number: str, known: Mapping[str, str], form: str) -> str:
    return form.format(number, known[number]) if number in known else number


def made_for(notebook: Path) -> str:
    """Returns the cohort and, where the stage has one, the suffix of an executed notebook, for readers."""
    suffix = suffix_of(notebook.stem)
    return f"cohort {notebook.parent.name}" + (f", {row_of(suffix).name}" if suffix else "")


def first_label(notebook: Path, others: Iterable[str], known: Mapping[str, Notebook]) -> str:
    """Returns the label of a page's first tab, with its method where another tab has another of the same cohort.

    Parameters
    ----------
    notebook : Path
        The executed notebook of the first tab.
    others : iterable of str
        The other tabs' labels (`made_for`).
    known : mapping of str to Notebook
    """
    label, about = made_for(notebook), known.get(notebook_of(notebook.stem))
    if about is None or about.named_by != "method" or not any(other.startswith(f"{label}, ") for other in others):
        return label
    return f"{label}, {row_of(about.parameters[about.named_by].default).name}"
