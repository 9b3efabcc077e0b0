"""Evidence of claims about trainings that are repeated with several seeds: the intervals of page 52."""

from __future__ import annotations

import pandas as pd
from scipy import stats

from drasclr_core.evaluate.result_files import ResultReader
from drasclr_core.evaluate.scorecard.comparisons import lacking
from drasclr_core.evaluate.scorecard.verdicts import margin
from drasclr_core.evaluate.statistics.intervals import subjects_tested
from drasclr_core.evaluate.statistics.significance import corrected_error, corrected_t

STUDENT = "Student, over seeds"


def over_seeds(reader: ResultReader, row: dict, count: int) -> dict:
    """Returns what ``<file>_folds.csv`` says about one comparison, as `evidence` lists it.

    A seed trains anew and tests other subjects. Of several others the best of each seed counts, of several methods the
    lowest. The interval is Student's, with the correction for training sets that overlap (Nadeau and Bengio 2003).

    Parameters
    ----------
    reader : ResultReader
    row : dict
        Of `comparisons`.
    count : int
        Comparisons of the claim, for the wide interval.
    """
    stem = f"{row['file']}_folds"
    scores = reader(stem, "folds")
    if scores is None:
        return {"missing": f"not made by this run: no {stem}.csv"}
    here = scores[scores["task"].eq(row["task"]) & scores["metric"].eq(row["metric"])].dropna(subset="value")
    if here.empty:
        return {"missing": f"{stem}.csv has no {row['task']} ({row['metric']})"}
    of = {name: part.set_index(["repeat", "fold"]) for name, part in here.groupby("method")}
    sides = [[name for name in names if name in of] for names in (row["methods"], row["others"])]
    if not all(sides):
        return lacking(row, sides)
    values = [pd.concat([of[name]["value"] for name in names], axis=1) for names in sides]
    first, second = values[0].min(axis=1, skipna=False), values[1].max(axis=1, skipna=False)
    gains = (first - second).dropna()
    if len(gains) < 2:
        return {"missing": f"{len(gains)} seeds with both in {stem}.csv; 2 are needed"}
    sizes = here.set_index(["repeat", "fold"]).loc[gains.index]
    ratio = float((sizes["n_test"] / sizes["n_train"]).mean())
    error = corrected_error(gains.to_numpy(), ratio)
    reach = [stats.t.isf(0.025 / many, len(gains) - 1) * error for many in (1, count)]
    lacks = [name for name in (*row["methods"], *row["others"]) if name not in of]
    found = {"estimate": gains.mean(), "interval": STUDENT, "wide_interval": STUDENT, "lacks": ", ".join(lacks)}
    found |= {f"{wide}{end}": gains.mean() + sign * length for wide, length in zip(("", "wide_"), reach, strict=True)
              for end, sign in (("low", -1), ("high", 1))}  # fmt: skip
    first, second = first.loc[gains.index], second.loc[gains.index]
    found |= {"folds": len(gains), "subjects": subjects_tested(scores, row["task"], row["metric"])}
    found |= {"p_folds": corrected_t(first.to_numpy(), second.to_numpy(), ratio), "level": float(second.mean())}
    return found | {"room": found["level"] + margin(row["metric"]) <= 1}
