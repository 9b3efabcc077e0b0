"""The single comparisons that each claim of the paper is made of, with the figures that its tables give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from drasclr_core import paper
from drasclr_core.methods import method_names, row_of
from drasclr_core.methods import rows as method_rows

_COLUMNS = ["id", "rule", "scope", "file", "task", "metric", "methods", "others", "paper", "footnote"]


def comparisons(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the single comparisons that each claim in `table` is made of.

    The table is some rows of `paper.claims`, or of `paper.joint_claims`, whose rule ``seeds`` has no printed numbers.

    Several methods stand for the lowest of them, several others for the highest of them: who is better than the
    highest is better than each. Tasks and metrics for which the paper prints no number are no part of a claim.

    Returns
    -------
    DataFrame
        ``id, rule, scope, file, task, metric``; ``methods`` and ``others``, tuples of our names; ``paper``, the paper's
        difference (R2, F1 and the like as fractions, accuracies in points of per cent), factor or cost; NaN where it
        gives no number; ``footnote``, what has to be said about the printed means that differ (`paper.footnotes`).

    Raises
    ------
    ValueError
        A claim names a table, method, task or metric that the paper does not have.
    """
    tables, names, rows = {name: paper.table(name) for name in set(table["table"]) - {""}}, method_names(), []
    notes = paper.footnotes().query("about == 'mean'").set_index(["table", "method", "task", "metric"])["note"]
    for claim in table.to_dict("records"):
        if claim["table"]:
            cells = _printed(claim, tables[claim["table"]], names, notes)
        else:
            cells = _untold(claim) if claim["rule"] == "seeds" else _drawn(claim)
        if not cells:
            raise ValueError(f"claims.csv: claim {claim['id']!r} is about no number of {claim['table'] or 'a figure'}")
        rows += [[claim[name] for name in ("id", "rule", "scope", "file")] + cell for cell in cells]
    return pd.DataFrame(rows, columns=_COLUMNS)


def against_itself(table: pd.DataFrame) -> pd.DataFrame:
    """Returns comparisons in which the paper's own tables do not bear out its sentence: ``id, task, metric, paper``.

    Of `table` (from `comparisons` or `scorecard`) those of claims to be better on all comparisons in which the printed
    difference is 0 or below.
    """
    wrong = table[table["rule"].eq("better") & table["scope"].eq("all") & (table["paper"] <= 0)]
    return wrong[["id", "task", "metric", "paper"]].reset_index(drop=True)


def named(methods: Iterable[str]) -> str:
    """Returns the names of methods as tables print them: ``Subject2Vec and 2D CNN``."""
    return " and ".join(row_of(name).name for name in methods)


def lacking(row: Mapping, sides: Sequence[Sequence[str]]) -> dict[str, str]:
    """Returns ``missing`` of the comparison that `row` states: a run has no method of one of its `sides`."""
    return {"missing": f"this run has no {named(row['others'] if sides[0] else row['methods'])}"}


def _drawn(claim: dict) -> list[list]:
    return [[task, claim["metric"], (), (), claim["figure"], ""] for task in claim["task"].split(";")]


def _untold(claim: dict) -> list[list]:
    methods, others = (tuple(claim[column].split(";")) for column in ("method", "against"))
    known = set(method_names()["method"]) | set(method_rows())
    absent = [name for name in (*methods, *others) if name not in known]
    if absent:
        raise ValueError(f"joint_claims.csv: claim {claim['id']!r} names {absent[0]!r}, which has no row")
    pairs = [cell.partition(":")[::2] for cell in claim["task"].split(";")]
    return [[task, metric, methods, others, float("nan"), ""] for task, metric in pairs]


def _printed(claim: dict, printed: pd.DataFrame, names: pd.DataFrame, notes: pd.Series) -> list[list]:
    if claim["group"]:
        printed = printed[printed["group"] == claim["group"]]
    for column in ("task", "metric"):
        named = [name for name in claim[column].split(";") if name]
        _known(claim, named, printed[column])
        printed = printed[printed[column].isin(named)] if named else printed
    left_out = [tuple(cell.split(":")) for cell in claim["without"].split(";") if cell]
    sides = [claim[column].split(";") for column in ("method", "against")]
    for side in sides:
        _known(claim, side, printed["method"])
    names = names[names["table"].eq(claim["table"]) & (names["group"].eq(claim["group"]) | (claim["group"] == ""))]
    ours = names.set_index("paper")["method"]
    cells = []
    for (task, metric), rows in printed.dropna(subset="mean").groupby(["task", "metric"], sort=False):
        means = rows.set_index("method")["mean"]
        methods, others = ([name for name in side if name in means] for side in sides)
        if methods and others and (task, metric) not in left_out:
            figure = round(means[methods].min() - means[others].max(), 6)
            compared = [
                (claim["table"], name, task, metric) for name in (means[methods].idxmin(), means[others].idxmax())
            ]
            footnote = "; ".join(notes[notes.index.isin(compared)])
            cells.append([task, metric, tuple(ours[methods]), tuple(ours[others]), figure, footnote])
    return cells


def _known(claim: dict, names: list[str], column: pd.Series) -> None:
    absent = [name for name in names if name not in set(column)]
    if absent:
        raise ValueError(f"claims.csv: claim {claim['id']!r} names {absent[0]!r}, which {claim['table']} does not have")
