"""What an ablation says, in two sentences."""

from __future__ import annotations

import pandas as pd

from drasclr_core.methods import row_of


def ablation_sentence(differences: pd.DataFrame, called: dict[tuple[str, str], str]) -> str:
    """Returns in words on which tasks the reference is ahead, behind, or not told apart from each other variant.

    Parameters
    ----------
    differences : DataFrame
        From `AblationTable.differences`.
    called : dict of (task, metric) to str
        What counts, and what the page calls it; other rows are left out.

    Returns
    -------
    str
        Markdown. A difference counts where its 95 % interval leaves out 0.
    """
    known = pd.Series(list(zip(differences["task"], differences["metric"], strict=True))).isin(list(called))
    table = differences[known.to_numpy()]
    name = row_of(table["method"].iloc[0]).name
    ahead, behind = table[table["low"] > 0], table[table["high"] < 0]
    parts = [f"{verb} {len(rows)} ({_listed(rows, called)})" if len(rows) else f"{verb} none"
             for verb, rows in (("is ahead in", ahead), ("is behind in", behind))]  # fmt: skip
    left = len(table) - len(ahead) - len(behind)
    return (f"**Of {len(table)} comparisons with another variant, {name} {parts[0]}, and {parts[1]}.** "
            f"In {left} this run cannot tell which is better.")  # fmt: skip


def _listed(rows: pd.DataFrame, called: dict[tuple[str, str], str]) -> str:
    return "; ".join(f"{called[row.task, row.metric]}: {row_of(row.against).name}" for row in rows.itertuples())
