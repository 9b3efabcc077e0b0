"""The book of a run: narrative chapters, the executed stage pages, the provenance page and the headline.

``python -m drasclr_core.report.book --run demo`` writes ``runs/demo/book/html/index.html``.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode

from drasclr_core.report.methods import describe
from drasclr_core.report.pages import headline, provenance_page
from drasclr_core.report.preset import method_of, notebook_of
from drasclr_core.report.provenance import merge_manifest
from drasclr_core.run import Run, atomic, project_root


def assemble(run: Run, source: Path) -> None:
    """Put together the sources of the book of `run` in the folder `source`.

    A notebook's first page, of the main cohort if that has one, lies at ``notebooks/<notebook>``. What the same
    notebook gave for another cohort or method lies below it in the table of contents (see `another`). A page of the
    table of contents whose stage was not run becomes a stub outside it, so that links to it say so.
    """
    root = project_root()
    shutil.copytree(root / "book", source, ignore=shutil.ignore_patterns("_build"))
    shutil.copy(root / "_config.yml", source)
    executed = _executed(run)
    (source / "notebooks").mkdir()
    for page, notebook in executed.items():
        content = nbformat.read(notebook, as_version=4)
        if page == f"notebooks/{notebook.stem}":
            content = _relinked(content, executed)
        else:
            content = another(content, notebook, executed)
        nbformat.write(content, source / f"{page}.ipynb")
    toc = yaml.safe_load((source / "_toc.yml").read_text())
    for part in toc["parts"]:
        part["chapters"] = [entry for old in part["chapters"] for entry in _expand(old, executed, source)]
    toc["parts"] = [part for part in toc["parts"] if part["chapters"]]
    (source / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
    _write_generated(run, source)


def build(run: Run) -> Path:
    """Build the HTML of the book of `run`; returns the path of its first page.

    Raises
    ------
    RuntimeError
        The builder reported a warning or an error; its messages are on the screen, the last good book stays in place.
    """
    folder = run.folder / "book"
    with atomic(folder / "source") as source:
        assemble(run, source)
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    builder = Path(sys.executable).with_name("jupyter-book")
    command = [str(builder), "build", str(folder / "source"), "--path-output", str(work)]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"}
    done = subprocess.run([*command, "-n", "-W", "--keep-going"], env=environment, capture_output=True, text=True)
    if done.returncode:
        problems = [line for line in done.stderr.splitlines() if "WARNING" in line or "ERROR" in line]
        raise RuntimeError("\n".join(["The book was not built:", *(problems or [done.stderr[-3000:]])]))
    with atomic(folder / "html") as html:
        shutil.move(work / "_build" / "html", html)
    shutil.rmtree(work)
    return folder / "html" / "index.html"


def another(page: NotebookNode, notebook: Path, pages: Iterable[str]) -> NotebookNode:
    """A page of a notebook that has an earlier page in the book: named by its cohort and method, without the exercises.

    Exercises have labels that a book may hold once. Links to other notebooks lead to the same cohort's page, where
    there is one among `pages`.
    """
    begins = {cell.source.partition("\n")[0]: number for number, cell in enumerate(page.cells)}
    exercises, provenance = (begins.get(f"## {title}", len(page.cells)) for title in ("Exercises", "Provenance"))
    cells = page.cells[:exercises] + page.cells[provenance:]
    cells[0].source = re.sub(r"\A# .*", lambda title: f"{title[0]} ({_made_for(notebook)})", cells[0].source)
    return _relinked(NotebookNode({**page, "cells": cells}), pages, notebook.parent.name)


def _relinked(page: NotebookNode, pages: Iterable[str], cohort: str = "") -> NotebookNode:
    """The page with links to what this run made: the same cohort's page, the main one, or the stub of one not made."""

    def target(link: re.Match) -> str:
        own = f"{link[1]}-{cohort}"
        if f"notebooks/{own}" in pages:
            return f"]({own}.ipynb"
        return link[0] if f"notebooks/{link[1]}" in pages else f"]({link[1]}.md"

    for cell in page.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\((\d\d_\w+)\.ipynb", target, cell.source)
    return page


def _made_for(notebook: Path) -> str:
    """The cohort and, where the stage has one, the method of an executed notebook, for readers."""
    method = method_of(notebook.stem)
    return f"cohort {notebook.parent.name}" + (f", {describe(method).name}" if method else "")


def _executed(run: Run) -> dict[str, Path]:
    """Executed notebooks of the run by page name, those of the main cohort first."""
    pages = {}
    found = (path for path in run.notebooks.glob("*/[0-9]*.ipynb") if not path.stem.endswith(".failed"))
    for path in sorted(found, key=lambda path: (path.parent.name != run.cohort_name, path.parent.name, path.stem)):
        first = f"notebooks/{notebook_of(path.stem)}"
        pages[f"notebooks/{path.stem}-{path.parent.name}" if first in pages else first] = path
    return pages


def _expand(entry: dict, executed: dict[str, Path], source: Path) -> list[dict]:
    page = entry["file"]
    if not page.startswith("notebooks/"):
        return [entry]
    stage = page.removeprefix("notebooks/")
    if page not in executed:
        (source / f"{page}.md").write_text(
            f"---\norphan: true\n---\n\n# {stage}\n\nThis run did not include the stage `{stage}`. To run it:\n\n"
            f"```bash\npython -m drasclr_core.report.execute notebooks/{stage}.ipynb \\\n"
            "  --preset presets/demo.yaml --run NAME\n```\n"
        )
        return []
    others = [
        {"file": name, "title": _made_for(notebook)}
        for name, notebook in executed.items()
        if name.startswith(f"{page}-")
    ]
    return [{"file": page, "sections": others} if others else {"file": page}]


def _write_generated(run: Run, source: Path) -> None:
    """Pages and pieces that come from the run's result files."""
    manifest = merge_manifest(run.folder)
    generated = source / "_generated"
    generated.mkdir(exist_ok=True)
    (generated / "headline.md").write_text(headline(run, manifest["run"]))
    (source / "provenance.md").write_text(provenance_page(manifest))
    cover = run.results / "cover.jpg"
    shutil.copy(cover if cover.exists() else source / "_static" / "cover_readme.jpg", source / "cover.jpg")
    for table in run.results.glob("*.csv"):
        shutil.copy(table, source / "_static")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--cohort", default="copd", help="the main cohort of the book")
    arguments = parser.parse_args()
    try:
        page = build(Run(arguments.run, arguments.cohort))
    except RuntimeError as error:
        sys.exit(str(error))
    print(f"\nThe book: {page}")


if __name__ == "__main__":
    main()
