"""The scorecard: which claims of the paper a run reproduces, from its result files alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from drasclr_core.evaluate.scorecard.comparisons import comparisons, named
from drasclr_core.evaluate.scorecard.evidence import evidence
from drasclr_core.evaluate.scorecard.needed import needed
from drasclr_core.evaluate.scorecard.verdicts import CLAIM_VERDICTS, FOLDS, UNDECIDED, combine, size, verdict_of


def scorecard(claims: pd.DataFrame, results: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the verdicts on every claim from the result files of a run, and the comparisons that they rest on.

    The `claims` are some rows of `paper.claims` or `paper.joint_claims`; of the files in the folder `results` any may
    be absent.

    Returns
    -------
    DataFrame
        One row per claim, in order: ``id, section, short, claim, rule, scope, page, comparisons, reproduced,
        not_reproduced, undecided, untestable, against_itself, verdict, reason, times, subjects_needed``.
        `against_itself` counts comparisons in which the paper's own numbers leave no positive difference for a claim to
        be better; `reason` says why a claim cannot be tested, which methods and comparisons the run lacks, what else
        than an interval the verdict rests on, or that the test over folds is not sure; the last two are those of
        `needed`, NaN where there is nothing to say.
    DataFrame
        One row per comparison: `evidence`, with ``verdict`` and ``size``.

    Raises
    ------
    ValueError
        A result file is not what it should be (see `evidence`).
    """
    found = evidence(results, comparisons(claims))
    records = found.to_dict("records")
    found["verdict"] = [verdict_of(row) for row in records]
    found["size"] = [size(row) for row in records]
    found["against_itself"] = found["rule"].eq("better") & (found["paper"] <= 0)
    rows = []
    for claim in claims.to_dict("records"):
        mine = found[found["id"] == claim["id"]]
        verdicts = list(mine["verdict"])
        counts = dict(
            zip(
                ("reproduced", "not_reproduced", "undecided", "untestable"),
                map(verdicts.count, CLAIM_VERDICTS),
                strict=True,
            )
        )
        about = {name: claim[name] for name in ("id", "section", "short", "claim", "rule", "scope", "page")}
        about |= {"comparisons": len(mine), **counts, "against_itself": int(mine["against_itself"].sum())}
        rows.append(about | {"verdict": combine(verdicts, claim["scope"]), "reason": _reason(mine)})
    board = pd.DataFrame(rows)
    return board.merge(needed(board, found)[["id", "times", "subjects_needed"]], on="id", how="left"), found


def _reason(mine: pd.DataFrame) -> str:
    reasons = dict.fromkeys(reason for reason in [*mine["missing"], *mine["note"]] if reason)
    lacks = dict.fromkeys(name for names in mine["lacks"] if names for name in names.split(", "))
    return "; ".join([*reasons, *([f"without {named(lacks)}"] if lacks else []), *_unsure(mine)])


def _unsure(mine: pd.DataFrame) -> list[str]:
    """Where the interval leaves out 0 and the test over folds is not sure."""
    rows = mine[mine["rule"].eq("better") & mine["verdict"].eq(UNDECIDED) & (mine["low"] > 0) & mine["lacks"].eq("")]
    least, most = rows["p_folds"].min(), rows["p_folds"].max()
    if rows.empty or most <= FOLDS:
        return []
    if pd.isna(most):
        return ["no scores of folds, so no test over folds"]
    span = f"{least:.2f}" if f"{least:.2f}" == f"{most:.2f}" else f"{least:.2f} to {most:.2f}"
    return [f"the test over folds is not sure (p = {span})"]
