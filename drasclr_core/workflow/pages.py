"""Pages of the book that are made from a run's result files: the headline of the cover and the provenance page."""

from __future__ import annotations

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from drasclr_core.methods import row_of
from drasclr_core.provenance import stage_table
from drasclr_core.run import Run

# Task of Table 2 shown on the cover, and how to say it.
HEADLINE = {
    "logFEV1pp": "lung function: log FEV1 % predicted (R²)",
    "logFEV1/FVC": "airflow obstruction: log FEV1/FVC (R²)",
    "GOLD": "GOLD stage (accuracy, %)",
    "CLE": "centrilobular emphysema score (accuracy, %)",
}
# Its columns, so that they fit; the page of Table 2 has all methods.
HEADLINE_METHODS = ("chance", "laa950", "drasclr")


# Texts are not escaped: they are Markdown, in which a template puts code between backticks or fences.
_TEMPLATES = Environment(
    loader=PackageLoader("drasclr_core.workflow"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_TEMPLATES.filters["yaml"] = lambda content: yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def markdown(name: str, **values: object) -> str:
    """Returns the template ``workflow/templates/<name>`` filled with the values."""
    return _TEMPLATES.get_template(name).render(values)


def headline(run: Run, made_by: str) -> str:
    """Returns the first result of the cover page in Markdown: what a run's features predict, beside chance.

    `made_by` is the name of the run that made the results.
    """
    path = run.results / "table2.csv"
    if not path.exists():
        return f"The run `{run.name}` has no Table 2 yet: the stage `10_phenotypes` was not run.\n"
    import pandas as pd  # half a second, which the process round each stage does without

    table = pd.read_csv(path).query("metric in ['R2', 'accuracy']")
    cells = {(row.task, row.method): _mean_sd(row) for row in table.itertuples()}
    methods = [name for name in HEADLINE_METHODS if name in set(table["method"])]
    rows = [
        [text, *(cells[task, name] for name in methods)]
        for task, text in HEADLINE.items()
        if task in set(table["task"])
    ]
    columns = [row_of(name).name for name in methods]
    counts = {name: table[name].max() for name in ("subjects", "folds")}
    return markdown("headline.md", methods=columns, rows=rows, run=made_by, **counts)


def _mean_sd(row: tuple) -> str:
    digits = 2 if row.metric == "R2" else 0
    return f"{row.mean:.{digits}f} ± {row.sd:.{digits}f}"


def provenance_page(manifest: dict) -> str:
    """Returns the provenance page in Markdown: machine, versions, each stage's cost and parameters, and its inputs.

    Parameters
    ----------
    manifest : dict
        From `drasclr_core.provenance.merge_manifest`.
    """
    stages = manifest["stages"]
    costs = stage_table(manifest).to_markdown(index=False)
    minutes, gigabytes = (
        sum(record["seconds"] for record in stages) / 60,
        max((r["peak_mb"] for r in stages), default=0) / 1000,
    )
    facts = {}
    for title, key in (("Machine", "hardware"), ("Versions", "versions")):
        facts[title] = [
            record[key]
            for place, record in enumerate(stages)
            if record[key] not in [one[key] for one in stages[:place]]
        ]
    return markdown("provenance.md", **manifest, costs=costs, minutes=minutes, gigabytes=gigabytes, facts=facts)
