"""Our results beside the paper's: as a tidy CSV file for programs, as an HTML table for readers."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.methods import method_names, row_of
from drasclr_core.run import atomic

# The column groups of the paper's Table 2: (task, metric) -> heading.
PHENOTYPE_COLUMNS = {
    "Spirometry, R²": {("logFEV1pp", "R2"): "log FEV1pp", ("logFEV1/FVC", "R2"): "log FEV1/\u200bFVC"},
    "COPD staging, %": {("GOLD", "accuracy"): "GOLD", ("GOLD", "1-off"): "GOLD 1\u2011off"},
    "Visual scores, %": {
        ("CLE", "accuracy"): "CLE",
        ("CLE", "1-off"): "CLE 1\u2011off",
        ("Paraseptal", "accuracy"): "Para\u00adseptal",
        ("Paraseptal", "1-off"): "Para\u00adseptal 1\u2011off",
    },
    "Acuity, %": {("AE History", "accuracy"): "AE history"},
}
# The paper's Table 4 has accuracy only; kappa is ours.
SEVERITY_COLUMNS = {
    "COVID-19 severity": {
        ("COVID-19 severity", "accuracy"): "Accuracy, %",
        ("COVID-19 severity", "kappa"): "Quadratic kappa",
    }
}
DETECTION_COLUMNS = {
    task: {(task, metric): metric for metric in ("F1", "precision", "recall")}
    for task in ("Centrilobular", "Paraseptal")
}
# The theme puts a light plate behind HTML outputs of dark pages, for pictures; this table takes the page's own colours.
_STYLE = """<style>
.text_html:has(> .beside-paper) { background: none !important; padding: 0 !important; }
.beside-paper { overflow-x: auto; }
.beside-paper table { border-collapse: collapse; width: 100%; margin: 0; line-height: 1.5;
  color: var(--pst-color-text-base, #222); font-variant-numeric: tabular-nums; display: table; }
.beside-paper th, .beside-paper td { font-size: 0.76rem; padding: 0.35em 0.15em; text-align: right; border: 0;
  vertical-align: top; background: transparent; }
.beside-paper th { font-weight: 600; vertical-align: bottom; line-height: 1.25; }
.beside-paper th:first-child { text-align: left; }
.beside-paper thead th[colspan] { text-align: center; border-bottom: 1px solid var(--pst-color-border, #bbb); }
.beside-paper tbody tr { border-top: 1px solid var(--pst-color-border, #bbb); }
.beside-paper tbody th { vertical-align: top; line-height: 1.5; }
.beside-paper td { white-space: nowrap; }
.beside-paper span { color: var(--pst-color-text-muted, #666); font-weight: 400; }
.beside-paper small { font-size: 0.88em; margin-left: 0.1em; }
</style>"""


def mean_sd(mean: float, sd: float, metric: str) -> str:
    """``0.63 ± 0.01`` or, for accuracies in per cent, ``65.0 ± 0.6``; ``–`` for a number that does not exist."""
    digits = 1 if metric in PERCENT else 2
    if np.isnan(mean):
        return "–"
    text = f"{mean:z.{digits}f}".replace("-", "−")
    return text if np.isnan(sd) else f"{text} ± {sd:.{digits}f}"


def beside_paper(summary: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """Our scores with the paper's numbers for the same method, task and metric.

    Parameters
    ----------
    summary : DataFrame
        From `evaluate.summary.summarise`: ``method, task, metric, mean, sd, folds, subjects``.
    paper : DataFrame
        From `report.paper.table`.

    Returns
    -------
    DataFrame
        `summary` with ``paper_mean`` and ``paper_sd``, NaN where the paper has no such method or did not report it.
    """
    printed = paper.rename(columns={"method": "paper", "mean": "paper_mean", "sd": "paper_sd"})
    theirs, keys = printed.merge(method_names(), on=["table", "group", "paper"]), ["method", "task", "metric"]
    return summary.merge(theirs[[*keys, "paper_mean", "paper_sd"]], on=keys, how="left", validate="many_to_one")


def to_html(beside: pd.DataFrame, columns: dict[str, dict[tuple[str, str], str]] = PHENOTYPE_COLUMNS) -> str:
    """The table for a page: one row per method, in each cell ours above the paper's.

    Parameters
    ----------
    beside : DataFrame
        From `beside_paper`.
    columns : dict
        Heading of a group of columns -> {(task, metric): heading of the column}.
    """
    groups = "".join(
        f'<th scope="colgroup" colspan="{len(part)}">{escape(name)}</th>' for name, part in columns.items()
    )
    names = {key: name for part in columns.values() for key, name in part.items()}
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in names.values())
    body = "".join(
        f'<tr><th scope="row">{escape(row_of(method).name)}<br><span>the paper</span></th>'
        + "".join(
            f"<td>{_cell(rows[rows['task'].eq(task) & rows['metric'].eq(metric)])}</td>" for task, metric in names
        )
        + "</tr>"
        for method, rows in beside.groupby("method", sort=False)
    )
    return (
        f'{_STYLE}<div class="beside-paper"><table><thead><tr><th></th>{groups}</tr>'
        f"<tr><th>Method</th>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def write_csv(path: str | Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, atomically."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False)


def _cell(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "–<br><span>–</span>"
    row = rows.iloc[0]
    ours, paper = (mean_sd(row[f"{who}mean"], row[f"{who}sd"], row["metric"]) for who in ("", "paper_"))
    return f"{_small_sd(ours)}<br><span>{_small_sd(paper)}</span>"


def _small_sd(text: str) -> str:
    mean, sign, sd = text.partition(" ± ")
    return f"{mean}<small>±{sd}</small>" if sign else mean
