"""The paper's own numbers, transcribed from its tables, and its claims, in our words.

All tables have the same columns. The text of the paper has slips that the files do not repeat: a deviation printed
``±01`` (Table 2, see `footnotes`) is 0.01, and ``logFEVlpp`` (Table 9) and ``logFEV1pp/FVC`` (Table 8) are logFEV1pp
and logFEV1/FVC.
"""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

TABLES = tuple(f"table{number}" for number in range(2, 10))
_DATA = files("drasclr_core.paper") / "data"


def table(name: str) -> pd.DataFrame:
    """Returns one table of the paper, one row per cell.

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

    Raises
    ------
    ValueError
        The paper has no such table.
    """
    if name not in TABLES:
        raise ValueError(f"the paper's tables here are {', '.join(TABLES)}; there is no {name!r}")
    text = dict.fromkeys(("group", "method", "supervised", "task", "metric"), "string")
    content = pd.read_csv(_DATA / f"{name}.csv", dtype=text)
    return content.fillna({"group": "", "supervised": ""}).astype(dict.fromkeys(text, object))


def claims() -> pd.DataFrame:
    """Returns what the paper claims in numbers or as a comparison, one row per claim, in the order of the paper.

    Returns
    -------
    DataFrame
        ``id``; ``section``; ``short`` (for figures); ``claim``; ``rule`` and ``scope`` (see `evaluate.scorecard`);
        ``table`` (the paper's, or empty), ``group`` (its heading, where two rows have one name), ``method`` and
        ``against`` (the paper's names), ``task``, ``metric`` (joined by ``;``, empty means all) and ``without``
        (``task:metric`` left out); ``file`` (what our result files begin with); ``figure`` (the paper's, where no table
        gives it); ``page`` (the notebook that tests it).
    """
    content = pd.read_csv(_DATA / "claims.csv", dtype=str, keep_default_na=False)
    return content.assign(figure=pd.to_numeric(content["figure"]))


def joint_claims() -> pd.DataFrame:
    """Returns what the abstract of the second paper (arXiv 2212.01893) claims as a comparison, in the form of `claims`.

    It gives no number. ``method`` and ``against`` are our names, ``task`` lists ``task:metric`` of page 52, joined by
    ``;``.
    """
    content = pd.read_csv(_DATA / "joint_claims.csv", dtype=str, keep_default_na=False)
    return content.assign(figure=pd.to_numeric(content["figure"]))


def footnotes() -> pd.DataFrame:
    """Returns what has to be said about single cells of the paper's tables.

    Returns
    -------
    DataFrame
        ``table, method, task, metric`` as in `table`; ``about``: ``mean`` or ``sd``; ``note``, a clause.
    """
    return pd.read_csv(_DATA / "footnotes.csv", dtype=str)


def significance_claims() -> pd.DataFrame:
    """Returns what the paper's text says about significance, one row per claim.

    Returns
    -------
    DataFrame
        ``appendix`` (the table of the supplement that the text refers to, or empty), ``section``, ``table``, ``row``
        (the method that is tested), ``against`` and ``task`` (joined by ``;``, empty means all), ``says`` (``better``
        or ``alike``), ``level``, ``claim``.
    """
    content = pd.read_csv(_DATA / "significance_claims.csv", dtype={"appendix": str, "section": str})
    return content.fillna({"appendix": "", "against": "", "task": ""})
