"""What an ablation says in words, and the scores along a number that is varied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from drasclr_core.evaluate.ablations.table import AblationTable
from drasclr_core.evaluate.statistics.comparison import compare_methods
from drasclr_core.evaluate.statistics.resampling import summarise_draws
from drasclr_core.evaluate.tasks import Task
from drasclr_core.methods import row_of
from drasclr_core.represent.trainings import lengths_sentence

LEVEL = 0.05
"""Below which a p after Holm's correction counts."""
NOT_TRAINED, UNTRAINED = ("no image", "hand-made features", "ceilings"), "untrained"
"""Groups of rows, and a row, that no training made."""
FEW_SEEDS = 3
"""With fewer trainings of a variant nobody knows what another seed would have given."""


def main_differences(made: AblationTable, tasks: Sequence[Task]) -> pd.DataFrame:
    """Returns the rows of ``made.differences`` that are of the main metric of one of the `tasks`, their first."""
    return _main(made.differences, tasks)


def ablation_sentence(differences: pd.DataFrame) -> str:
    """Returns in Markdown on which tasks the reference is ahead, behind, or not told apart from each other variant.

    A difference counts where its 95 % interval leaves out 0; the sentence says that these are taken one by one, and how
    many of those ahead are left after Holm's correction, whose p ask for an advantage. `differences` are from
    `main_differences`.
    """
    name = row_of(differences["method"].iloc[0]).name
    ahead, behind = differences[differences["low"] > 0], differences[differences["high"] < 0]
    parts = [f"{verb} {len(rows)} ({_listed(rows)})" if len(rows) else f"{verb} none"
             for verb, rows in (("is ahead in", ahead), ("is behind in", behind))]  # fmt: skip
    left = len(differences) - len(ahead) - len(behind)
    sure = int((ahead["p_bootstrap_holm"] < LEVEL).sum())
    remarks = []
    if len(ahead):
        remarks.append(f"after Holm's correction for all tests of the table {sure} of the {len(ahead)} ahead "
                       f"{'is' if sure == 1 else 'are'} left")  # fmt: skip
    if len(behind):
        remarks.append("what is behind is not corrected for their number")
    holm = f" Intervals are taken one by one; {'; '.join(remarks)}." if remarks else ""
    return (f"**Of {len(differences)} comparisons with another variant, {name} {parts[0]}, and {parts[1]}.** "
            f"In {left} this run cannot tell which is better.{holm}")  # fmt: skip


def differences_told(differences: pd.DataFrame) -> str:
    """Returns the `differences` in words, for who cannot see their picture."""
    return "; ".join(f"{row.task}, {row_of(row.method).name} minus {row_of(row.against).name}: {row.estimate:+.2f} "
                     f"({row.low:+.2f} to {row.high:+.2f})" for row in differences.itertuples())  # fmt: skip


def difference_caption(differences: pd.DataFrame) -> str:
    """Returns how many of the `differences` are clear, their interval being off zero, and on which side; plain text."""
    better, worse = int((differences["low"] > 0).sum()), int((differences["high"] < 0).sum())
    return (f"Of {len(differences)} differences {better} lie clearly above zero, {worse} clearly below; "
            f"{len(differences) - better - worse} intervals hold zero.")  # fmt: skip


def best_along(scores: pd.DataFrame, what: str) -> str:
    """Returns where along a varied number each task scores best, and from how much else it is not told apart.

    Plain text.

    Parameters
    ----------
    scores : DataFrame
        From `scores_of`.
    what : str
        What is varied, such as ``kernels``.
    """
    parts = []
    for task, rows in scores.groupby("task", sort=False):
        best = rows.loc[rows["value"].idxmax()]
        others = len(rows) - 1
        unsure = others - int(rows["beaten"].sum())
        whom = "any other" if unsure == others else f"{unsure} of the {others} others"
        thing = what.removesuffix("s") if str(best["x"]) == "1" else what
        told = f"; not told apart from {whom}" if unsure else ""
        parts.append(f"{task} is read best with {best['x']} {thing} ({best['value']:.2f}{told})")
    return "; ".join(parts) + "."


def ablation_notes(made: AblationTable) -> str:
    """Returns in Markdown how many subjects the table `made` has, and what keeps its rows from being compared.

    Few seeds, trainings of unlike lengths, variants that are missing: each is left out where there is nothing to say.
    """
    counts = made.table.groupby("method", sort=False)["seeds"].first()
    counts = counts[[name != UNTRAINED and row_of(name).group not in NOT_TRAINED for name in counts.index]]
    few = counts[counts < FEW_SEEDS]
    told = (f" **{len(few)} of {len(counts)} variants were trained with fewer than three seeds: an interval then holds "
            "other subjects, not other trainings, and is too short.**")  # fmt: skip
    unlike = [told_unlike] if (told_unlike := lengths_sentence(made.lengths)) else []
    missing = [f"*{row_of(name).name} has no row: {reason.rstrip('.')}.*" for name, reason in made.missing.items()]
    return "\n\n".join([f"{made.subjects} subjects.{told if len(few) else ''}", *unlike, *missing])


def scores_of(made: AblationTable, tasks: Sequence[Task], along: Mapping[str, object]) -> pd.DataFrame:
    """Returns the main score of each of the `tasks` along what is varied, with its 95 % interval.

    Parameters
    ----------
    made : AblationTable
    tasks : sequence of Task
    along : mapping
        Variant -> the number, or word, that it stands at; in the order of the axis.

    Returns
    -------
    DataFrame
        ``x, task, metric, value, low, high``, and ``beaten``: whether the best of the task lies above this row by more
        than the 95 % interval of their difference, in which both meet the same subjects. That the two own intervals
        overlap would not say so: subjects who are hard to tell move both alike. The best is picked by the same scores,
        so that it is a little too good.
    """
    table = _main(summarise_draws(made.draws), tasks)
    table = table[table["method"].isin(list(along))].rename(columns={"mean": "value"})
    place = table["method"].map(list(along).index)
    table = table.assign(x=table["method"].map(along)).loc[place.sort_values(kind="stable").index]
    beaten = [_beaten(made, rows) for _, rows in table.groupby(["task", "metric"], sort=False)]
    return table.assign(beaten=pd.concat(beaten) if beaten else False)


def _beaten(made: AblationTable, rows: pd.DataFrame) -> pd.Series:
    """Which of the `rows` of one task and metric the best of them is sure to lie above."""
    best, names = rows.loc[rows["value"].idxmax()], rows["method"]
    others = [name for name in names if name != best["method"]]
    if not others:
        return pd.Series(False, rows.index)
    scores, draws = (part[part["task"].eq(best["task"]) & part["metric"].eq(best["metric"])]
                     for part in (made.scores, made.draws))  # fmt: skip
    found = compare_methods(scores, best["method"], others, draws)
    return names.isin(found.loc[found["low"] > 0, "against"])


def _main(table: pd.DataFrame, tasks: Sequence[Task]) -> pd.DataFrame:
    wanted = {(task.name, task.metrics[0]) for task in tasks}
    return table[[cell in wanted for cell in zip(table["task"], table["metric"], strict=True)]]


def _listed(rows: pd.DataFrame) -> str:
    return "; ".join(f"{row.task}: {row_of(row.against).name}" for row in rows.itertuples())
