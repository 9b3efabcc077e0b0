"""Which run made a result that the book shows, with which commit and when: its own run, or a larger committed one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from drasclr_core.files import read_json
from drasclr_core.run import Run, project_root
from drasclr_core.workflow.borrowed import COMMITTED, made_its_subjects
from drasclr_core.workflow.stages import Notebook


@dataclass(frozen=True)
class ShownFile:
    """A file of results, or an executed notebook, and the record of the stage that wrote it.

    Attributes
    ----------
    path : Path
    run : str
        Name of the run; results that were copied from another run keep that run's.
    commit, day : str
        Of the code, and when; empty where there is no record.
    simulated : bool
        Whether the run made its subjects.
    borrowed : bool
        Whether it is of another run than the book's.
    """

    path: Path
    run: str
    commit: str = ""
    day: str = ""
    simulated: bool = False
    borrowed: bool = field(default=False)

    @property
    def made(self) -> str:
        """Which run, commit and day, as Markdown."""
        parts = [f"run `{self.run}`", self.commit and f"commit `{self.commit}`", self.day]
        return ", ".join(part for part in parts if part)


def shown_file(run: Run, notebooks: Mapping[str, Notebook], notebook: str, file: str) -> ShownFile | None:
    """Returns the file of results that a notebook wrote, as the book of a run shows it; None where there is none.

    Parameters
    ----------
    run : Run
    notebooks : mapping of str to Notebook
        A file of those that are `large` may be a committed run's (see `borrowed_pages`).
    notebook : str
        Its name: ``10_phenotypes``.
    file : str
        Below the folder of results, ``table2.csv``; or ``.ipynb``, the executed notebook itself.
    """
    large = notebook in notebooks and notebooks[notebook].large and made_its_subjects(run)
    others = [Run(str(project_root() / "runs" / name)) for name in COMMITTED if name != run.name] if large else []
    for one in (run, *others):
        executed = sorted(one.notebooks.glob(f"*/{notebook}.ipynb"))
        found = executed if file == ".ipynb" else [path for path in [one.results / file] if path.exists()]
        if found:
            records = [read_json(path) for path in sorted((one.results / "stages").glob(f"*-{notebook}.json"))]
            record = records[0] if records else {}
            code = record.get("code", {})
            commit = code.get("sha", "") + (" with uncommitted changes" if code.get("dirty") else "")
            name, day = record.get("run", one.name), record.get("day", "")
            return ShownFile(found[0], name, commit, day, made_its_subjects(one), one is not run)
    return None
