"""Our results beside the paper's as a table for readers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from markupsafe import Markup

from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.methods import row_of
from drasclr_core.report.templates import render

COLUMNS = {
    "phenotypes": {
        "Spirometry, R²": {("logFEV1pp", "R2"): "log FEV1pp", ("logFEV1/FVC", "R2"): "log FEV1/\u200bFVC"},
        "COPD staging, %": {("GOLD", "accuracy"): "GOLD", ("GOLD", "1-off"): "GOLD 1\u2011off"},
        "Visual scores, %": {
            ("CLE", "accuracy"): "CLE",
            ("CLE", "1-off"): "CLE 1\u2011off",
            ("Paraseptal", "accuracy"): "Para\u00adseptal",
            ("Paraseptal", "1-off"): "Para\u00adseptal 1\u2011off",
        },
        "Acuity, %": {("AE History", "accuracy"): "AE history"},
    },
    # The paper's Table 4 has accuracy only; kappa is ours.
    "severity": {
        "COVID-19 severity": {
            ("COVID-19 severity", "accuracy"): "Accuracy, %",
            ("COVID-19 severity", "kappa"): "Quadratic kappa",
        }
    },
    "survival": {
        "Concordance before the percentile": {
            ("Survival", f"concordance at {name}"): name for name in ("25th", "50th", "75th")
        }
    },
    "detection": {
        task: {(task, metric): metric for metric in ("F1", "precision", "recall")}
        for task in ("Centrilobular", "Paraseptal")
    },
    "conditioning": {
        "Spirometry, R²": {("logFEV1pp", "R2"): "log FEV1pp"},
        "Accuracy, %": {("GOLD", "accuracy"): "GOLD", ("CLE", "accuracy"): "CLE"},
    },
    "neighbours": {
        "Spirometry, R²": {("logFEV1pp", "R2"): "log FEV1pp", ("logFEV1/FVC", "R2"): "log FEV1/\u200bFVC"},
        "Accuracy, %": {("CLE", "accuracy"): "CLE"},
    },
    "location": {"Accuracy, %": {(task, "accuracy"): task for task in ("Centrilobular", "Paraseptal")}},
}
"""What a table shows: heading of a group of columns -> {(task, metric): heading of the column}."""


def mean_sd(mean: float, sd: float, metric: str) -> str:
    """Returns ``0.63 ± 0.01`` or, for accuracies in per cent, ``65.0 ± 0.6``; ``–`` where there is no `mean`.

    Without `sd` (NaN) the mean of the `metric` stands alone.
    """
    digits = 1 if metric in PERCENT else 2
    if np.isnan(mean):
        return "–"
    text = f"{mean:z.{digits}f}".replace("-", "−")
    return text if np.isnan(sd) else f"{text} ± {sd:.{digits}f}"


def table_html(beside: pd.DataFrame, shows: str) -> Markup:
    """Returns the table for a page: one row per method, in each cell ours above the paper's.

    Of the horizons of survival those that the run scored are shown.

    Parameters
    ----------
    beside : DataFrame
        From `evaluate.beside_paper`.
    shows : str
        Whose columns: ``phenotypes``, ``severity``, ``survival``, ``detection`` … (see `COLUMNS`).
    """
    columns = COLUMNS[shows]
    if shows == "survival":
        scored = set(zip(beside["task"], beside["metric"], strict=True))
        columns = {group: {key: name for key, name in part.items() if key in scored} for group, part in columns.items()}
    names = {key: name for part in columns.values() for key, name in part.items()}
    groups = [(name, len(part)) for name, part in columns.items()]
    rows = [
        (row_of(method).name, [_cell(own[own["task"].eq(task) & own["metric"].eq(metric)]) for task, metric in names])
        for method, own in beside.groupby("method", sort=False)
    ]
    return render("beside_paper.html", groups=groups, heads=names.values(), rows=rows)


def _cell(rows: pd.DataFrame) -> tuple[str, str]:
    """Ours and the paper's."""
    if rows.empty:
        return "–", "–"
    row = rows.iloc[0]
    return tuple(mean_sd(row[f"{who}mean"], row[f"{who}sd"], row["metric"]) for who in ("", "paper_"))
