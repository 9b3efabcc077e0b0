"""What the paper claims in numbers or as a comparison, with the figures that its tables give for each claim."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd


def claims() -> pd.DataFrame:
    """Every claim in our words, in the order of the paper.

    Returns
    -------
    DataFrame
        ``id``; ``section``; ``short`` (for figures); ``claim``; ``rule`` and ``scope`` (see `evaluate.verdicts`);
        ``table`` (the paper's, or empty), ``group`` (its heading, where two rows have one name), ``method`` and
        ``against`` (the paper's names), ``task``, ``metric`` (joined by ``;``, empty means all) and ``without``
        (``task:metric`` left out); ``file`` (what our result files begin with); ``figure`` (the paper's, where no table
        gives it); ``page`` (the notebook that tests it).
    """
    path = files(__package__) / "data" / "claims.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return table.assign(figure=pd.to_numeric(table["figure"]))
