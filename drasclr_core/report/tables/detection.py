"""Table 5 beside the paper's, which calls its linear readout and its fine-tuned model both "Ours"."""

from __future__ import annotations

import pandas as pd

from drasclr_core.report.tables import beside_paper as tables

COLUMNS = {task: {(task, metric): metric for metric in ("F1", "precision", "recall")}
           for task in ("Centrilobular", "Paraseptal")}  # fmt: skip
READOUTS = ("patch_laa", "drasclr_readout")
"""Methods of the paper's group "Linear Readout"; all others belong to "Full Fine-tuning"."""


def beside_paper(summary: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """As `report.tables.beside_paper`, each method beside the paper's of the same group.

    Parameters
    ----------
    summary : DataFrame
        ``method, task, metric, mean, sd, folds, subjects``.
    paper : DataFrame
        The paper's Table 5, from `report.paper.table`.
    """
    frozen = summary["method"].isin(READOUTS)
    groups = ((summary[frozen], "Linear Readout"), (summary[~frozen], "Full Fine-tuning"))
    parts = [tables.beside_paper(part, paper[paper["group"] == group]).set_axis(part.index) for part, group in groups]
    return pd.concat(parts).loc[summary.index].reset_index(drop=True)
