"""Pages that are older than what they build on: a run is seldom made in one piece, and its book says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from drasclr_core.files import read_json
from drasclr_core.run import Run
from drasclr_core.workflow.opening import DETAILS
from drasclr_core.workflow.stages import COHORTS, STAGES, Notebook, notebook_of, plain, suffix_of

NAMED = 4
"""Of more stages the note gives the number."""


def dated(run: Run, page: NotebookNode, path: Path, notebooks: Mapping[str, Notebook]) -> NotebookNode:
    """Returns the page that lies at `path` in a run, with a note if what comes before it was executed later."""
    found = [read_json(file) for file in sorted((run.results / "stages").glob("*.json"))]
    records = [one for one in found if one.keys() >= {"cohort", "stage", "day"}]
    own = [one for one in records if (one["cohort"], one["stage"]) == (path.parent.name, path.stem)]
    note = outdated_note(own[0], executed_since(own[0], records, notebooks)) if own else ""
    return with_note(page, note, "outdated") if note else page


def executed_since(record: Mapping, records: Sequence[Mapping], notebooks: Mapping[str, Notebook]) -> list[Mapping]:
    """Returns the records of stages that come before a page and were executed on a later day, the latest first.

    Parameters
    ----------
    record : mapping
        The page's own: ``cohort, stage, day``.
    records : sequence of mapping
        Of all stages of the run.
    notebooks : mapping of str to Notebook
        `Notebook.after` says what comes before a page.
    """
    own, found = notebooks[notebook_of(record["stage"])], []
    for entry in own.after:
        for other in records:
            same_cohort = entry.startswith(COHORTS) or other["cohort"] == record["cohort"]
            suffixes = ("", suffix_of(record["stage"]))
            same_kind = entry.endswith(STAGES) or suffix_of(other["stage"]) in suffixes
            if notebook_of(other["stage"]) == plain(entry) and same_cohort and same_kind:
                found += [other] if other["day"] > record["day"] else []
    return sorted(found, key=lambda one: (one["day"], one["stage"]), reverse=True)


def outdated_note(record: Mapping, later: Sequence[Mapping]) -> str:
    """Returns in Markdown that a page does not know of stages that were executed later; empty where there are none."""
    if not later:
        return ""
    names = [f"`{one['stage']}` ({one['cohort']}, {one['day']})" for one in later[:NAMED]]
    more = f" and {len(later) - NAMED} more" if len(later) > NAMED else ""
    return (
        f":::{{note}}\nThis page was made on {record['day']}. Stages that come before it were executed since, and it "
        f"does not know of them: {', '.join(names)}{more}. Where it differs from a page that was made later, "
        "that one is right.\n:::"
    )


def with_note(page: NotebookNode, note: str, name: str) -> NotebookNode:
    """Returns the page with a note above its details, and so below its answer; under its title where it has none.

    `name` begins the identifiers of the cells that it gets.
    """
    details = next((number for number, cell in enumerate(page.cells) if cell.get("id") == DETAILS), None)
    if details is not None:
        page.cells.insert(details, new_markdown_cell(note, id=f"{name}-note"))
        return page
    title, _, rest = page.cells[0].source.partition("\n")
    page.cells[0].source = title
    lead = [new_markdown_cell(rest.strip(), id=f"{name}-lead")] if rest.strip() else []
    page.cells[1:1] = [new_markdown_cell(note, id=f"{name}-note"), *lead]
    return page
