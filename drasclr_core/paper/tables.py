"""The paper's own numbers, transcribed from its tables; the columns of every file are the same.

The text of the paper has slips that the files do not repeat: a deviation printed ``±01`` (Table 2) is 0.01, and
``logFEVlpp`` (Table 9) and ``logFEV1pp/FVC`` (Table 8) are logFEV1pp and logFEV1/FVC.
"""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

TABLES = tuple(f"table{number}" for number in range(2, 10))


def table(name: str) -> pd.DataFrame:
    """One table of the paper, one row per cell.

    Parameters
    ----------
    name : str
        ``table2`` (phenotypes), ``table3`` (survival), ``table4`` (COVID-19 severity), ``table5`` (emphysema
        detection), ``table6`` (conditioning), ``table7`` (location sensitivity), ``table8`` (neighbours) or
        ``table9`` (choice of the atlas).

    Returns
    -------
    DataFrame
        ``table``; ``row`` (from 1, as printed); ``group`` (the heading that spans rows, or empty); ``method``;
        ``supervised`` (yes, no, or empty where the table does not say); ``task``; ``metric``; ``mean``; ``sd``.
        R2, F1, precision, recall and concordance as fractions, accuracies in per cent. A mean that the paper does not
        report is NaN, and so is a missing deviation.
    """
    if name not in TABLES:
        raise ValueError(f"the paper's tables here are {', '.join(TABLES)}; there is no {name!r}")
    text = dict.fromkeys(("group", "method", "supervised", "task", "metric"), "string")
    content = pd.read_csv(files(__package__) / "data" / f"{name}.csv", dtype=text)
    return content.fillna({"group": "", "supervised": ""}).astype(dict.fromkeys(text, object))
