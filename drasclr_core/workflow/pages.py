"""Pages of the book that are made from a run's result files: the headline of the cover and the provenance page."""

from __future__ import annotations

import pandas as pd
import yaml

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


def headline(run: Run, made_by: str) -> str:
    """The first result of the cover page in Markdown: what the features of a run predict, beside chance.

    `made_by` is the name of the run that made the results.
    """
    path = run.results / "table2.csv"
    if not path.exists():
        return f"The run `{run.name}` has no Table 2 yet: the stage `10_phenotypes` was not run.\n"
    table = pd.read_csv(path).query("metric in ['R2', 'accuracy']").set_index(["task", "method"])
    methods = [name for name in HEADLINE_METHODS if name in table.index.get_level_values("method")]
    lines = ["| predicted from the CT alone | " + " | ".join(row_of(name).name for name in methods) + " |"]
    lines += ["| --- |" + " ---: |" * len(methods)]
    for task, text in HEADLINE.items():
        if task in table.index:
            lines.append(f"| {text} | " + " | ".join(_mean_sd(table.loc[(task, name)]) for name in methods) + " |")
    who = f"{table['subjects'].max()} simulated subjects, {table['folds'].max()} folds, run `{made_by}`"
    return "\n".join([*lines, "", f"Mean ± standard deviation over held-out folds: {who}.", ""])


def _mean_sd(row: pd.Series) -> str:
    digits = 2 if row["metric"] == "R2" else 0
    return f"{row['mean']:.{digits}f} ± {row['sd']:.{digits}f}"


def provenance_page(manifest: dict) -> str:
    """The provenance page in Markdown: machine, versions, what each stage cost, every parameter, input fingerprints.

    Parameters
    ----------
    manifest : dict
        From `drasclr_core.provenance.merge_manifest`.
    """
    stages = manifest["stages"]
    lines = [
        "# Provenance",
        "",
        f"Every number and picture of this book comes from the run `{manifest['run']}`. This page says which code, "
        "machine and parameters made it, and what each stage cost. It is generated from `results/manifest.json`.",
        "",
    ]
    if not stages:
        return "\n".join([*lines, "No stage of this run has finished yet.", ""])
    minutes, gigabytes = sum(record["seconds"] for record in stages) / 60, max(r["peak_mb"] for r in stages) / 1000
    lines += [
        "## Cost of each stage",
        "",
        ":::{div} wide-table",
        stage_table(manifest).to_markdown(index=False),
        ":::",
        "",
    ]
    lines += [f"Together {minutes:.1f} minutes; at most {gigabytes:.1f} GB of memory at a time.", ""]
    for title, key in (("Machine", "hardware"), ("Versions", "versions")):
        lines += [f"## {title}", "", *sorted({_yaml(record[key]) for record in stages})]
    lines += [
        "## Parameters",
        "",
        "What the run passed to its notebooks; the other parameters have their defaults.",
        "",
    ]
    for record in stages:
        lines += [f"**{record['cohort']} · {record['stage']}**", "", _yaml(record["parameters"])]
    lines += ["## Inputs", "", "First 12 digits of the SHA-256 of the files that each stage found.", ""]
    for record in stages:
        files = [f"- `{file}` {digest}" for file, digest in record["inputs"].items()]
        lines += [f"**{record['cohort']} · {record['stage']}**", "", *files, ""] if files else []
    return "\n".join(lines)


def _yaml(content: dict) -> str:
    return f"```yaml\n{yaml.safe_dump(content, sort_keys=False, allow_unicode=True)}```\n"
