"""The scorecard as a table for readers: claim, the paper's figure, ours with its interval, verdict, page."""

from __future__ import annotations

from collections.abc import Container

import numpy as np
import pandas as pd
from markupsafe import Markup

from drasclr_core.evaluate.scorecard.verdicts import UNDECIDED, UNTESTABLE
from drasclr_core.evaluate.statistics.intervals import NORMAL
from drasclr_core.report.figures.evaluation.scorecard import SIGN, compared_on, points
from drasclr_core.report.templates import render

NO_DIFFERENCE, APPROXIMATE = "†", "*"
SIGNS = {
    NO_DIFFERENCE: "The paper's own numbers leave no positive difference.",
    APPROXIMATE: "Too few bootstrap draws for percentiles: the interval is that of a normal distribution.",
}
"""Marks of the table, and what they say below it."""


def scorecard_table(board: pd.DataFrame, found: pd.DataFrame, pages: Container[str]) -> Markup:
    """Returns the scorecard in HTML, one line per comparison, claims that cannot be tested in one line each.

    Below the table stand the `SIGNS` and the notes on printed numbers, each marked by a letter where it belongs.

    Parameters
    ----------
    board, found : DataFrame
        From `evaluate.scorecard.scorecard`.
    pages : container of str
        Notebooks (``10_phenotypes``) that have a page to link to.
    """
    letters = {
        note: chr(ord("a") + number) for number, note in enumerate(filter(None, dict.fromkeys(found["footnote"])))
    }
    claims = [_claim(claim, found[found["id"] == claim["id"]], pages, letters) for claim in board.to_dict("records")]
    used = {NO_DIFFERENCE: found["against_itself"].any(), APPROXIMATE: found["interval"].eq(NORMAL).any()}
    signs = {sign: text for sign, text in SIGNS.items() if used[sign]}
    return render("scorecard.html", claims=claims, notes={**signs, **{letters[note]: note for note in letters}})


def claim_value(row: dict, value: float) -> str:
    """Returns a difference in points with its sign, a correlation, or a factor; ``–`` where there is none."""
    if not np.isfinite(value):
        return "–"
    if row["rule"] == "cost":
        return f"{value:g} {row['metric']}"
    if row["rule"] == "factor":
        return f"{value:.1f} times" if value >= 1 else f"{value:.2g} times"
    if row["rule"] in ("correlated", "rises", "apart"):
        return _signed(value, 2)
    return _signed(points(value, row["metric"]), 1)


def interval(row: dict) -> str:
    """Returns ``+1.7 (−3.2 to +6.6)``, with a star if it is approximate; no brackets where there is no interval."""
    estimate = claim_value(row, row["estimate"])
    if not np.isfinite([row["low"], row["high"]]).all():
        return estimate
    star = APPROXIMATE if row["interval"] == NORMAL else ""
    return f"{estimate} ({claim_value(row, row['low'])} to {claim_value(row, row['high'])}){star}"


def _claim(claim: dict, found: pd.DataFrame, pages: Container[str], letters: dict[str, str]) -> dict:
    """What the template shows of a claim; `span` stands for all its figures where it cannot be tested."""
    rows, untestable = found.to_dict("records"), claim["verdict"] == UNTESTABLE
    lines = [
        {
            "what": compared_on(row),
            "paper": claim_value(row, row["paper"]) + (NO_DIFFERENCE if row["against_itself"] else ""),
            "note": letters.get(row["footnote"], ""),
            "ours": "–" if row["missing"] else interval(row),
        }
        for row in rows
    ]
    notes = [_counts(claim)] if claim["comparisons"] > 1 and not untestable else []
    return {
        **{name: claim[name] for name in ("claim", "section", "page")},
        "number": claim["page"].split("_")[0],
        "linked": claim["page"] in pages,
        "verdict": f"{SIGN[claim['verdict']]} {claim['verdict']}",
        "notes": [note for note in (*notes, claim["reason"], _needed(claim)) if note],
        "span": _span(rows) + (NO_DIFFERENCE if claim["against_itself"] else "") if untestable else "",
        "letters": ", ".join(sorted({letters[row["footnote"]] for row in rows if row["footnote"]})),
        "rows": [] if untestable else lines,
    }


def _needed(claim: dict) -> str:
    """How many subjects would decide an undecided claim."""
    if claim["verdict"] != UNDECIDED or claim["rule"] == "seeds":
        return ""
    if np.isfinite(claim["subjects_needed"]):
        return f"about {_round(claim['subjects_needed']):,} subjects would decide it"
    if np.isfinite(claim["times"]):
        return f"{claim['times']:.0f} times as many subjects would decide it"
    return "no number of subjects decides it"


def _round(count: float) -> int:
    """To two figures, which is more than an extrapolation knows."""
    return int(float(f"{count:.2g}"))


def _signed(value: float, digits: int) -> str:
    text = f"{value:+.{digits}f}"
    return text[1:] if not float(text) else text.replace("-", "−")


def _counts(claim: dict) -> str:
    """How many of a claim's comparisons hold, as "of 9: 1 holds, 5 do not, 3 undecided"."""
    names = {"reproduced": ("holds", "hold"), "not_reproduced": ("does not", "do not"),
             "undecided": ("undecided",) * 2, "untestable": ("not in this run",) * 2}  # fmt: skip
    told = [f"{claim[key]} {name[claim[key] > 1]}" for key, name in names.items() if claim[key]]
    return f"of {sum(claim[key] for key in names)}: {', '.join(told)}"


def _span(rows: list[dict]) -> str:
    """The paper's figure, or the smallest and the largest of several."""
    known = sorted(
        (row for row in rows if np.isfinite(row["paper"])), key=lambda row: points(row["paper"], row["metric"])
    )
    ends = dict.fromkeys(claim_value(row, row["paper"]) for row in (known[:1] + known[-1:]))
    return " to ".join(ends) or "–"
