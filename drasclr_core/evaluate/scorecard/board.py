"""The scorecard: which claims of the paper a run reproduces, from its result files alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from drasclr_core.evaluate.scorecard.comparisons import comparisons
from drasclr_core.evaluate.scorecard.evidence import evidence
from drasclr_core.evaluate.scorecard.verdicts import CLAIM_VERDICTS, combine, size, verdict_of


def scorecard(claims: pd.DataFrame, results: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the verdicts on every claim from the result files of a run, and the comparisons that they rest on.

    The `claims` are some rows of `paper.claims`; of the files in the folder `results` any may be absent.

    Returns
    -------
    DataFrame
        One row per claim, in order: ``id, section, short, claim, rule, scope, page, comparisons, reproduced,
        not_reproduced, undecided, untestable, verdict, reason``. `reason` says why a claim cannot be tested, which
        methods and comparisons the run lacks, and what else than an interval the verdict rests on.
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
        about |= {"comparisons": len(mine), **counts, "verdict": combine(verdicts, claim["scope"])}
        rows.append(about | {"reason": _reason(mine)})
    return pd.DataFrame(rows), found


def needed(found: pd.DataFrame) -> pd.DataFrame:
    """Returns how many times more subjects a result file needs to have intervals as short as the paper's differences.

    The half-width of an interval falls with the square root of the number of subjects. Once it equals the paper's
    difference, a run whose true difference is the paper's leaves out 0 in about half of all cases; for nine in ten the
    number must be about 2.7 times as large, ((1.96 + 1.28) / 1.96)^2. `found` is the second table of `scorecard`.

    Returns
    -------
    DataFrame
        ``file, metric, comparisons, half_width, paper`` (medians, in the units of `evidence`) and ``times``, the square
        of their ratio; comparisons with an interval and a difference of the paper above 0.
    """
    chosen = found[found["rule"].eq("better") & found["low"].notna() & (found["paper"] > 0)]
    chosen = chosen.assign(half_width=(chosen["high"] - chosen["low"]) / 2)
    table = chosen.groupby(["file", "metric"], sort=False).agg(
        comparisons=("id", "size"), half_width=("half_width", "median"), paper=("paper", "median")
    )
    return table.assign(times=(table["half_width"] / table["paper"]) ** 2).reset_index()


def _reason(mine: pd.DataFrame) -> str:
    reasons = dict.fromkeys(reason for reason in [*mine["missing"], *mine["note"]] if reason)
    lacks = dict.fromkeys(name for names in mine["lacks"] if names for name in names.split(", "))
    return "; ".join([*reasons, *([f"without {', '.join(lacks)}"] if lacks else [])])
