"""The book of a run: chapters, executed stage pages, the paper's tables, provenance and the first page's answer.

``python -m drasclr_core.workflow.book --run demo`` writes ``runs/demo/book/html/index.html``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode

from drasclr_core.evaluate.table import DRAWS
from drasclr_core.files import atomic
from drasclr_core.provenance import merge_manifest
from drasclr_core.run import Run, check_started, project_root
from drasclr_core.workflow.book_pages import book_page, first_label, made_for, page_names, with_page
from drasclr_core.workflow.borrowed import as_borrowed, borrowed_pages
from drasclr_core.workflow.captions import captioned
from drasclr_core.workflow.chapters import add_chapters, cache_folder
from drasclr_core.workflow.outdated import dated
from drasclr_core.workflow.pages import commits, not_run_page, provenance_page
from drasclr_core.workflow.parameters import nearest
from drasclr_core.workflow.search_texts import write_search_texts
from drasclr_core.workflow.stages import Notebook, notebook_of, read_notebooks
from drasclr_core.workflow.twins import lead_to_first, together, twin_pages
from drasclr_core.workflow.wording import page_in_words


def assemble(run: Run, source: Path) -> None:
    """Writes the sources of the book of `run` into the folder `source`.

    Where the table of contents has ``stages: <part>``, the pages of the notebooks of this part come (`Notebook.part`).
    What a notebook gave for another cohort or with another suffix comes under a tab of its first page (see `twins`), or
    lies below it where the code is not the same. The page of a notebook that was not run is borrowed from a committed
    run where it may be (`borrowed_pages`), else it becomes a stub outside the table of contents, so that links to it
    say so.

    Raises
    ------
    ValueError
        A notebook's part has no place in the table of contents.
    """
    root = project_root()
    shutil.copytree(root / "book", source, ignore=shutil.ignore_patterns("_build"))
    shutil.copy(root / "_config.yml", source)
    known = read_notebooks(root / "notebooks")
    made = _executed(run, known)
    borrowed = borrowed_pages(run, known, {notebook_of(path.stem) for path in made.values()})
    executed = made | {f"notebooks/{name}": path for name, path in borrowed.items()}
    (source / "notebooks").mkdir()
    content = {page: captioned(page_in_words(book_page(page, executed)), path, source)
               for page, path in executed.items()}  # fmt: skip
    twins = twin_pages({page: content[page] for page in made})
    for page, path in executed.items():
        if page in twins:
            continue
        others = {made_for(executed[name]): content[name] for name, first in twins.items() if first == page}
        if others:
            content[page] = together(content[page], others, first_label(path, others, known))
        lead_to_first(content[page], twins)
        noted = dated(run, content[page], path, known) if page in made else as_borrowed(content[page], path)
        nbformat.write(noted, source / f"{page}.ipynb")
    toc = yaml.safe_load((source / "_toc.yml").read_text())
    notebooks = sorted(known.items(), key=lambda item: item[1].order)
    places = {entry["stages"] for part in toc["parts"] for entry in part["chapters"] if "stages" in entry}
    for name, notebook in notebooks:
        if notebook.part not in places:
            raise ValueError(
                f"{name}.ipynb: no place for its part {notebook.part!r} in _toc.yml{nearest(notebook.part, places)}"
            )
        if f"notebooks/{name}" not in executed:
            (source / "notebooks" / f"{name}.md").write_text(not_run_page(run, notebook.path))
    pages = {place: [] for place in places}
    for name, notebook in notebooks:
        if f"notebooks/{name}" in executed:
            own = {page: path for page, path in executed.items() if page not in twins}
            pages[notebook.part].append(_entry(name, own, content[f"notebooks/{name}"]))
    for part in toc["parts"]:
        part["chapters"] = [one for entry in part["chapters"] for one in pages.get(entry.get("stages"), [entry])]
    toc["parts"] = [part for part in toc["parts"] if part["chapters"]]
    (source / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
    _write_generated(run, source, known)


def build(run: Run) -> Path:
    """Builds the HTML of the book of `run`, and returns the path of its first page.

    Raises
    ------
    RuntimeError
        A chapter of the course failed, or the builder reported a warning or an error; the message has its messages, the
        last good book stays in place.
    """
    folder = run.folder / "book"
    with atomic(folder / "source") as source:
        assemble(run, source)
        add_chapters(source / "course", cache_folder(folder / "course"))
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    builder = Path(sys.executable).with_name("jupyter-book")
    command = [str(builder), "build", str(folder / "source"), "--path-output", str(work)]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"}
    done = subprocess.run([*command, "-n", "-W", "--keep-going"], env=environment, capture_output=True, text=True)
    if done.returncode:
        problems = [line for line in done.stderr.splitlines() if "WARNING" in line or "ERROR" in line]
        raise RuntimeError("\n".join(["The book was not built:", *(problems or [done.stderr[-3000:]])]))
    write_search_texts(work / "_build" / "html")
    with atomic(folder / "html") as html:
        shutil.move(work / "_build" / "html", html)
    shutil.rmtree(work)
    return folder / "html" / "index.html"


def check_one_commit(run: Run) -> None:
    """Raises ValueError where the pages of a run are of several commits, or of code with changes, and says which.

    Pages borrowed from other runs are not asked: each names its own.
    """
    stages = merge_manifest(run.folder)["stages"]
    made = commits(stages)
    if len(made) == 1 and not any(record["code"]["dirty"] for record in stages):
        return
    found = ", ".join(f"{count} by {commit}" for commit, count in made.items()) or "no page has a record"
    raise ValueError(
        f"runs/{run.name}: its pages are not all of one commit ({found}). Execute its notebooks again with one commit "
        "of the code (what is kept is not computed again), or say --mixed to publish it as it is."
    )


def _executed(run: Run, known: Mapping[str, Notebook]) -> dict[str, Path]:
    """Executed notebooks of the run by page name."""
    found = [path for path in run.notebooks.glob("*/[0-9]*.ipynb") if not path.stem.endswith(".failed")]
    gathered = {name: notebook.gathered for name, notebook in known.items() if notebook.gathered}
    return page_names(with_page(found, gathered), run.cohort_name)


def _entry(notebook: str, executed: Mapping[str, Path], content: NotebookNode) -> dict:
    """The entry of an executed notebook in the table of contents: its number and title, its further pages below it."""
    page = f"notebooks/{notebook}"
    title = content.cells[0].source.partition("\n")[0].removeprefix("# ").partition(":")[0]
    entry = {"file": page, "title": f"{notebook[:2]} · {title}"}
    others = [{"file": name, "title": made_for(path)} for name, path in executed.items() if name.startswith(f"{page}-")]
    return {**entry, "sections": others} if others else entry


def _write_generated(run: Run, source: Path, notebooks: Mapping[str, Notebook]) -> None:
    """Pages and pieces that come from the run's result files."""
    # Tables and figures take seconds to load, which who asks for help or misspells a run does without.
    from drasclr_core.workflow.home import answer, citation
    from drasclr_core.workflow.paper_page import write_paper_page

    manifest = merge_manifest(run.folder)
    generated = source / "_generated"
    generated.mkdir(exist_ok=True)
    (generated / "answer.md").write_text(answer(run, notebooks))
    (generated / "cite.bib").write_text(citation(project_root()))
    write_paper_page(run, notebooks, source)
    (source / "provenance.md").write_text(provenance_page(manifest))
    shutil.copy(run.results / "manifest.json", source / "_static")
    cover = run.results / "cover.jpg"
    shutil.copy(cover if cover.exists() else source / "_static" / "cover_readme.jpg", source / "cover.jpg")
    for table in run.results.glob("*.csv"):
        if not table.name.endswith(DRAWS):
            shutil.copy(table, source / "_static")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--cohort", default="copd", help="the main cohort of the book, whose pages come first")
    parser.add_argument("--publish", action="store_true", help="refuse a run whose pages are of several commits")
    parser.add_argument("--mixed", action="store_true", help="publish it all the same")
    arguments = parser.parse_args()
    try:
        run = check_started(Run(arguments.run, arguments.cohort))
        if arguments.publish and not arguments.mixed:
            check_one_commit(run)
        page = build(run)
    except (RuntimeError, ValueError, OSError) as error:
        sys.exit(str(error))
    print(f"\nThe book: {page}")


if __name__ == "__main__":
    main()
