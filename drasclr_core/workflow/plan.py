"""What the Snakefile asks: the settings of its command line, the pages of a run, and what comes before each of them."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable

from drasclr_core.run import Run
from drasclr_core.workflow.estimate import all_expected, seconds_to_end
from drasclr_core.workflow.parameters import checked, declared, nearest
from drasclr_core.workflow.preset import Preset
from drasclr_core.workflow.stages import notebook_of, owners, read_notebooks

DEFAULTS = {"run": "demo", "preset": "presets/demo.yaml", "shards": "1", "at_once": ""}
"""Settings of the whole run; `at_once` jobs share the cores: two in a run of several cohorts, else one."""
RESOURCES = {"mem_mb": 16000, "runtime": 240, "gpu": 0}
"""Of a stage that says nothing else (see `Notebook.resources`)."""


class RunPlan:
    """The stages of one run of a preset, and their pages.

    Parameters
    ----------
    settings : dict[str, str]
        ``run``, ``preset``, ``shards``, ``at_once`` and settings of stages (`Notebook.settings`), as they were typed.
    cores : int, optional
        Cores of this machine for all jobs together; None with a scheduler, where the profile says how many each gets.

    Raises
    ------
    ValueError
        A setting is unknown, or has a value that is not allowed; or the preset is not as it should be.
    """

    def __init__(self, settings: dict[str, str], cores: int | None = None):
        self.notebooks = read_notebooks()
        known = {name: about.parameters for about in self.notebooks.values() for name in about.settings}
        of_presets = {name: [*stages, "to be set in the preset"] for name, stages in owners(self.notebooks).items()}
        for name in sorted(set(settings) - set(DEFAULTS) - set(known)):
            raise ValueError(f"command line: no setting {name!r}{nearest(name, [*DEFAULTS, *known], of_presets)}")
        self.given = {name: value for name, value in settings.items() if name in known}
        for name, value in self.given.items():
            checked(known[name], {name: value}, "command line", {})
        given = DEFAULTS | settings
        self.preset = Preset.load(given["preset"], self.notebooks)
        self.run = Run(given["run"], next(iter(self.preset.cohorts)))
        if set("{}") & set(str(self.run.folder)):
            raise ValueError(f"run: {self.run.folder} has braces in its name, which Snakemake takes for wildcards.")
        existing = next(folder for folder in (self.run.folder, *self.run.folder.absolute().parents) if folder.exists())
        if not (existing.is_dir() and os.access(existing, os.W_OK)):
            raise ValueError(
                f"run: {self.run.folder} cannot be written: choose another run, or change who may write to {existing}."
            )
        if cores is None and shlex.quote(sys.executable) != sys.executable:
            raise ValueError(f"Snakemake submits no jobs with the Python {sys.executable}: for a scheduler, keep the "
                             "repository in a folder without spaces, quotes or brackets in its name.")  # fmt: skip
        self.shards = _whole("shards", given["shards"])
        at_once = _whole("at_once", given["at_once"] or str(min(2, len(self.preset.cohorts))))
        self.cores = cores or 1
        self.threads = max(1, self.cores // at_once)
        self.at_once = min(at_once, self.cores) if cores else len(self.pages())
        """Stages that run at the same time; with a scheduler as many as can."""
        options = ["--preset", given["preset"], "--run", given["run"], "--at-once", str(self.at_once)]
        self.command = shlex.join([sys.executable, "-m", "drasclr_core.workflow.execute", *options])
        """Beginning of the command that executes a notebook."""
        self._to_end: dict[tuple[str, str], float] = {}

    def page(self, cohort: str, stage: str) -> str:
        """Returns where the executed notebook of a stage is kept."""
        return str(self.run.notebooks / cohort / f"{stage}.ipynb")

    def pages(self) -> list[str]:
        """Returns the executed notebooks of the whole run."""
        return [self.page(cohort, stage) for cohort, stages in self.preset.chosen.items() for stage in stages]

    def before(self, cohort: str, stage: str) -> list[str]:
        """Returns the pages of the stages that come before one."""
        return [self.page(*other) for other in self.preset.before(cohort, stage)]

    def priority(self, cohort: str, stage: str) -> int:
        """Returns the minutes from the stage's beginning to the end of what waits for it: longest first.

        0 for a stage that the preset leaves out for this cohort.
        """
        if not self._to_end:
            self._to_end = seconds_to_end(self.preset, all_expected(self.preset, self.run))
        return round(self._to_end.get((cohort, stage), 0.0) / 60)

    def shard_pages(self, cohort: str, stage: str) -> list[str]:
        """Returns the pages of a stage's shards; none unless it is divided."""
        divided = self.shards > 1 and self.notebooks[notebook_of(stage)].sharded
        return [self.page(cohort, f"shards/{stage}-{shard}-of-{self.shards}") for shard in range(self.shards * divided)]

    def options(self, stage: str) -> str:
        """Returns the settings of a stage that the command line gave, as options of `workflow.execute` for a shell."""
        names = [
            name
            for name in self.notebooks[notebook_of(stage)].settings
            if name in self.given and stage in self.notebooks
        ]
        return shlex.join(word for name in names for word in ("-p", name, self.given[name]))

    def resource(self, stage: str, name: str) -> int:
        """Returns how much of a resource (see `RESOURCES`) a scheduler is asked for."""
        return (RESOURCES | self.notebooks[notebook_of(stage)].resources)[name]


def _whole(name: str, text: str) -> int:
    return checked(declared(f"{name} = 1  # [1 or more]"), {name: text}, "command line", {})[name]


def typed_settings(config: dict, arguments: Iterable[str]) -> dict[str, str]:
    """Returns the settings as texts: the `arguments` as they were typed, and what else is in Snakemake's `config`.

    Snakemake makes a number of everything that looks like one, also of a run called 2024_01.
    """
    return {name: str(value) for name, value in config.items()} | dict(entry.split("=", 1) for entry in arguments)
