"""What an external validation says, in words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.evaluate.statistics.intervals import paired_difference
from drasclr_core.methods import row_of


def external_answer(table: pd.DataFrame, draws: pd.DataFrame, ours: str, other: str, tasks: Sequence[str]) -> str:
    """Returns in Markdown whether one method is ahead of another on subjects that no model has seen.

    Parameters
    ----------
    table, draws : DataFrame
        Of `evaluate.external.ExternalTable`; paired draws give the intervals, corrected for the number of `tasks`.
    ours, other : str
        Methods of the table.
    tasks : sequence of str
        Names of tasks, of each of which the first metric is compared.
    """
    scores = draws.set_index(["method", "task", "metric", "draw"])["value"].sort_index()
    names = {name: row_of(name).name for name in (ours, other)}
    firsts = table.drop_duplicates(["method", "task"]).set_index(["method", "task"])["metric"]
    subjects = {} if "subjects" not in table else table.groupby(["method", "task"])["subjects"].first().astype(int)
    both = ours != other
    known = [task for task in tasks if both and (ours, task) in firsts.index and (other, task) in firsts.index]
    parts = []
    for task in known:
        metric = firsts[ours, task]
        pair = (scores[name, task, metric] for name in (ours, other))
        found = paired_difference(*pair, metric, subjects.get((ours, task), 0), comparisons=len(known))
        if found is not None:
            said = "ahead of" if found.low > 0 else "behind" if found.high < 0 else "not told apart from"
            ends = f"{found.estimate:+.2f}, {found.low:+.2f} to {found.high:+.2f}"
            parts.append(f"on {task} {said} {names[other]} ({ends})")
    if not parts:
        if not both:
            return f"**Nothing is compared here:** {names[ours]} is the only row."
        return f"**{names[ours]} and {names[other]} have no score in common here.**"
    return f"**Fitted on one cohort and tested on another, {names[ours]} is {'; '.join(parts)}.**"


def within_answer(table: pd.DataFrame) -> str:
    """Returns in Markdown how external scores lie beside those within the fitted cohort (column ``within``)."""
    both = table.dropna(subset=["within", "low", "high"])
    if both.empty:
        return "The fitted run has no scores of its own beside which these could stand."
    inside = int(both["within"].between(both["low"], both["high"]).sum())
    change = (both["mean"] - both["within"]).groupby(both["metric"].isin(PERCENT)).median()
    medians = [f"{change[False]:+.2f} in R² and concordance"] if False in change else []
    medians += [f"{change[True]:+.1f} points in accuracy"] if True in change else []
    return (
        f"Of {len(both)} scores with both, that within the fitted cohort lies inside the external one's interval "
        f"{inside} times; the median change is {' and '.join(medians)}."
    )
