"""Markdown from the templates of this room, and the provenance page."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import nbformat
from jinja2 import Environment, PackageLoader, StrictUndefined

from drasclr_core.files import read_json
from drasclr_core.provenance import commit_of, stage_table
from drasclr_core.run import Run

# Texts are not escaped: they are Markdown, in which a template puts code between backticks or fences.
_TEMPLATES = Environment(
    loader=PackageLoader("drasclr_core.workflow"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def markdown(name: str, **values: object) -> str:
    """Returns the template ``workflow/templates/<name>`` filled with the values."""
    return _TEMPLATES.get_template(name).render(values)


def not_run_page(run: Run, notebook: Path) -> str:
    """Returns the page in Markdown that stands for a notebook which a run did not execute."""
    title = nbformat.read(notebook, as_version=4).cells[0].source.partition("\n")[0].removeprefix("# ")
    presets = [read_json(path).get("preset") for path in sorted((run.results / "stages").glob("*.json"))]
    preset = next(filter(None, presets), "demo")
    return markdown("not_run.md", stage=notebook.stem, title=title, run=run.name, preset=preset)


def provenance_page(manifest: dict) -> str:
    """Returns the provenance page in Markdown: commits, machine, versions, each stage's cost, and its parameters.

    The rest, with fingerprints of all inputs, is in the manifest, which the page offers as a file.

    Parameters
    ----------
    manifest : dict
        From `drasclr_core.provenance.merge_manifest`.
    """
    stages = manifest["stages"]
    works = [record.get("computed", record) for record in stages]
    facts = {title: _kinds(stages, key) for title, key in (("Machine", "hardware"), ("Versions", "versions"))}
    parameters = [(record["cohort"], record["stage"], _short(record["parameters"])) for record in stages]
    return markdown(
        "provenance.md",
        **manifest,
        costs=stage_table(manifest).to_markdown(index=False),
        minutes=sum(work["seconds"] for work in works) / 60,
        gigabytes=max((work["peak_mb"] for work in works), default=0) / 1000,
        facts=facts,
        parameters=parameters,
        commits=commits(stages),
    )


def commits(stages: list[dict]) -> dict[str, int]:
    """Returns how many pages each commit made, the most first; `stages` are their records."""
    return dict(Counter(map(commit_of, stages)).most_common())


def _kinds(stages: list[dict], key: str) -> list[str]:
    """What the records say under a key, each once, as one line."""
    return list(dict.fromkeys(", ".join(f"{name} {value}" for name, value in record[key].items()) for record in stages))


def _short(parameters: dict) -> str:
    """Parameters but for run and cohort, as code that does not end a cell of a table."""
    shown = [f"{name}={value}" for name, value in parameters.items() if name not in ("run", "cohort")]
    return "; ".join(shown).replace("|", "\\|").replace("`", "'")
