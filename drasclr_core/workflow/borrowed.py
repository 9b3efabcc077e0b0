"""Pages that a small run leaves to a larger one whose pages are committed: methods, ablations, aims, the second paper.

A run on somebody's own scans borrows nothing: its readers would take simulated subjects for theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from nbformat import NotebookNode

from drasclr_core.files import read_json
from drasclr_core.run import SHIPPED, Run, project_root
from drasclr_core.workflow.outdated import with_note
from drasclr_core.workflow.stages import Notebook

COMMITTED = (SHIPPED, "ablations", "density", "joint")
"""Runs whose pages are committed; the first that has a page gives it."""
COHORT_STAGE = "01_cohort"


def borrowed_pages(run: Run, notebooks: Mapping[str, Notebook], made: Collection[str]) -> dict[str, Path]:
    """Returns executed notebooks of `COMMITTED` runs that the book of a run shows in the place of its own, by notebook.

    Parameters
    ----------
    run : Run
    notebooks : mapping of str to Notebook
        Those with `Notebook.large` may be borrowed.
    made : collection of str
        Notebooks of which the run has a page.
    """
    if not made_its_subjects(run):
        return {}
    found = {}
    for name, notebook in notebooks.items():
        if notebook.large and name not in made:
            pages = [path for committed in COMMITTED for path in sorted(_pages(committed, name))
                     if committed != run.name]  # fmt: skip
            found |= {name: pages[0]} if pages else {}
    return found


def as_borrowed(page: NotebookNode, path: Path) -> NotebookNode:
    """Returns the page with a note under its title that says from which run it is."""
    run = path.parents[2]
    record = read_json(run / "results" / "stages" / f"{path.parent.name}-{path.stem}.json")
    day = f" of {record['day']}" if record else ""
    note = (
        f":::{{note}}\nThis page is from the run `{run.name}`{day}, not from the run of this book, which did not "
        "make it. Subjects, trainings and numbers are those of that run.\n:::"
    )
    return with_note(page, note, "borrowed")


def _pages(committed: str, name: str) -> list[Path]:
    return list((project_root() / "runs" / committed / "notebooks").glob(f"*/{name}.ipynb"))


def made_its_subjects(run: Run) -> bool:
    """Returns whether the run made its subjects; False where nothing tells."""
    records = [read_json(path) for path in (run.results / "stages").glob("*.json")]
    cohorts = [record for record in records if record["stage"] == COHORT_STAGE]
    return bool(cohorts) and not any(record["parameters"].get("manifest") for record in cohorts)
