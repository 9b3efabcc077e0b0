"""One method against others, from the files that a run leaves behind; works on any two files of fold scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from drasclr_core.evaluate.statistics.intervals import paired_difference, subjects_tested
from drasclr_core.evaluate.statistics.resampling import SAMPLE
from drasclr_core.evaluate.statistics.significance import bootstrap_p, corrected_t, hedges_g, holm, two_sample_t

REFERENCES = ("chance", "confounders")
"""Rows that see no image: in two files of the same subjects, labels and folds they are the same."""
_FOLD = ["task", "metric", "repeat", "fold"]


def same_folds(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    """Returns whether two tables of scores come from the same folds of the same subjects, so that they can be paired.

    They (`first`, `second`: from `read_scores`) do where a row that sees no image (`REFERENCES`) is in both and agrees
    in every fold, and so do the sizes.
    """
    for reference in REFERENCES:
        one, other = (
            table[table["method"] == reference].set_index(_FOLD)[["value", "n_train", "n_test"]].sort_index()
            for table in (first, second)
        )
        if len(one) and one.index.equals(other.index):
            return bool(np.allclose(one, other, rtol=0, atol=1e-9, equal_nan=True))
    return False


def compare_methods(
    scores: pd.DataFrame,
    method: str,
    against: Sequence[str] = (),
    draws: pd.DataFrame | None = None,
    other_scores: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Tests one method against others on every task and metric, in every way of `significance`.

    Parameters
    ----------
    scores : DataFrame
        From `read_scores`; holds `method`.
    against : sequence of str
        The others; empty means all of the table's (without `method`, unless they come from another table).
    draws : DataFrame, optional
        Bootstrap scores (`readout_draws`, `survival_draws`); for methods that are not in them, these columns are NaN.
    other_scores : DataFrame, optional
        The table that holds `against`, if it is another one. The paired test is left out (NaN) unless `same_folds`.

    Returns
    -------
    DataFrame
        ``method, against, task, metric``; ``folds`` with both scores, and over these ``mean, mean_against,
        difference``; ``hedges_g, p_two_sample`` (first repeat only, as repeats are no new subjects) and
        ``p_corrected``; ``estimate``, the difference when all held-out subjects are scored together, with its
        interval ``low, high`` (95 %), how it was found (``interval``; see `paired_difference`) and ``p_bootstrap``;
        each p with ``_holm``. Holm's family are all rows.

    Raises
    ------
    ValueError
        A method is not in its table, or nothing can be compared.
    """
    others = scores if other_scores is None else other_scores
    paired = other_scores is None or same_folds(scores, other_scores)
    against = list(against) or [
        name for name in dict.fromkeys(others["method"]) if others is not scores or name != method
    ]
    for name, table in [(method, scores), *((name, others) for name in against)]:
        if name not in set(table["method"]):
            raise ValueError(f"there is no method {name!r}: the table has {', '.join(dict.fromkeys(table['method']))}")
    mine = scores[scores["method"] == method]
    wide = None if draws is None else draws.pivot(index="draw", columns=["task", "metric", "method"], values="value")
    rows = []
    for other in against:
        theirs = others[others["method"] == other]
        for task, metric in mine[["task", "metric"]].drop_duplicates().itertuples(index=False, name=None):
            one, two = (
                table[table["task"].eq(task) & table["metric"].eq(metric)].set_index(["repeat", "fold"]).sort_index()
                for table in (mine, theirs)
            )
            if len(one) and len(two):
                row = {"method": method, "against": other, "task": task, "metric": metric, **_one(one, two, paired)}
                rows.append(row | _interval(wide, row, subjects_tested(scores, task, metric)))
    if not rows:
        raise ValueError(f"{method!r} and {', '.join(map(repr, against)) or 'no other method'} have no task in common")
    table = pd.DataFrame(rows)
    for name in ("p_two_sample", "p_corrected", "p_bootstrap"):
        table[f"{name}_holm"] = holm(table[name].to_numpy())
    return table


def fold_test(one: pd.DataFrame, two: pd.DataFrame, shift: float = 0.0) -> float:
    """Returns p of `corrected_t` that scores `one`, raised by `shift`, are not greater than `two` on the same folds.

    Both have ``value, n_train, n_test`` and are indexed by repeat and fold; folds without both scores are left out. NaN
    with fewer than two folds.
    """
    together = one.index.intersection(two.index)
    first, second = one.loc[together], two.loc[together]
    both = first["value"].notna() & second["value"].notna()
    if not both.any():
        return float("nan")
    first, second = first[both], second[both]
    ratio = (first["n_test"] / first["n_train"]).mean()
    return corrected_t(first["value"].to_numpy() + shift, second["value"].to_numpy(), ratio)


def _one(one: pd.DataFrame, two: pd.DataFrame, paired: bool) -> dict[str, float]:
    """Tests on the folds of one task and metric; `one` and `two` are indexed by repeat and fold."""
    together = one.index.intersection(two.index) if paired else one.index[:0]
    both = one.loc[together, "value"].notna() & two.loc[together, "value"].notna()
    if both.any():
        one, two = one.loc[together][both], two.loc[together][both]
    first, second = (table["value"].xs(table.index[0][0], level="repeat").to_numpy() for table in (one, two))
    mean, other = one["value"].mean(), two["value"].mean()
    return {
        "folds": int(both.sum()),
        "mean": mean,
        "mean_against": other,
        "difference": mean - other,
        "hedges_g": hedges_g(first, second),
        "p_two_sample": two_sample_t(first, second),
        "p_corrected": fold_test(one, two) if both.any() else float("nan"),
    }


def _interval(draws: pd.DataFrame | None, row: dict, subjects: int) -> dict[str, float | str]:
    """The paired interval of the difference, from draws with a column for each task, metric and method."""
    unknown = {**dict.fromkeys(("estimate", "low", "high", "p_bootstrap"), float("nan")), "interval": ""}
    columns = [(row["task"], row["metric"], row[name]) for name in ("method", "against")]
    if draws is None or not all(column in draws for column in columns):
        return unknown
    one, two = (draws[column] for column in columns)
    found = paired_difference(one, two, row["metric"], subjects)
    if found is None:
        return unknown
    resampled = (one - two).dropna()
    return found._asdict() | {"p_bootstrap": bootstrap_p(resampled[resampled.index > SAMPLE].to_numpy())}
