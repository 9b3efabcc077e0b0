"""Means of groups of subjects, as text."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


def group_means(table: pd.DataFrame, groups: pd.Series, digits: Mapping[str, int]) -> pd.DataFrame:
    """Returns text: the mean of each column in each group with its standard deviation, ``58.9 ± 8.2``.

    A column of nothing but 0 and 1 has its share alone, and a group of one subject its value.

    Parameters
    ----------
    table : DataFrame
        A row for each subject.
    groups : Series
        The group of each row.
    digits : mapping of str to int
        Column -> its decimals, in the order of the columns that are returned.
    """

    shares = {name for name in digits if table[name].dropna().isin([0, 1]).all()}

    def told(values: pd.Series) -> str:
        places, spread = digits[values.name], values.std()
        alone = pd.isna(spread) or values.name in shares
        return f"{values.mean():.{places}f}" + ("" if alone else f" ± {spread:.{places}f}")

    return table[list(digits)].groupby(groups).agg(told)
