"""The scorecard as a table for readers: claim, the paper's figure, ours with its interval, verdict, page."""

from __future__ import annotations

from collections.abc import Container
from html import escape

import numpy as np
import pandas as pd

from drasclr_core.evaluate.scorecard.verdicts import UNTESTABLE
from drasclr_core.report.figures.scorecard import SIGN, points
from drasclr_core.report.figures.significance import label
from drasclr_core.report.tables.bare import bare

_STYLE = """<style>
.scorecard th, .scorecard td { font-size: 0.74rem !important; padding-right: 0.5em !important; }
.scorecard td.number { white-space: nowrap; }
.scorecard td:first-child[rowspan] { min-width: 11em; }
.scorecard tr.more { border-top: 0; }
.scorecard tr.more td { padding-top: 0; }
.scorecard .quiet { color: var(--pst-color-text-muted, #666); }
</style>"""
_HEADINGS = ("Claim", "Compared on", "The paper", "This run (95 %)", "Verdict", "Note\u00adbook")


def scorecard_table(board: pd.DataFrame, found: pd.DataFrame, pages: Container[str]) -> str:
    """The scorecard in HTML, one line per comparison, claims that cannot be tested in one line each.

    Parameters
    ----------
    board, found : DataFrame
        From `evaluate.scorecard.scorecard`.
    pages : container of str
        Notebooks (``10_phenotypes``) that have a page to link to.
    """
    body = "".join(_claim(claim, found[found["id"] == claim["id"]], pages) for claim in board.to_dict("records"))
    heads = "".join(f'<th scope="col">{name}</th>' for name in _HEADINGS)
    return bare(f'{_STYLE}<table class="scorecard"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>')


def figure(row: dict, value: float) -> str:
    """A difference in points with its sign, a correlation, or a factor; ``–`` where there is none."""
    if not np.isfinite(value):
        return "–"
    if row["rule"] == "factor":
        return f"{value:.1f} times" if value >= 1 else "below 1"
    if row["rule"] in ("correlated", "rises"):
        return _signed(value, 2)
    return _signed(points(value, row["metric"]), 1)


def interval(row: dict) -> str:
    """``+1.7 (−3.2 to +6.6)``, or without brackets where there is no interval."""
    estimate = figure(row, row["estimate"])
    if not np.isfinite([row["low"], row["high"]]).all():
        return estimate
    return f"{estimate} ({figure(row, row['low'])} to {figure(row, row['high'])})"


def _claim(claim: dict, found: pd.DataFrame, pages: Container[str]) -> str:
    rows = found.to_dict("records")
    about = f'{escape(claim["claim"])} <span class="quiet">({escape(claim["section"])})</span>'
    number = claim["page"].split("_")[0]
    place = f'<a href="{claim["page"]}.html">{number}</a>' if claim["page"] in pages else number
    verdict = f"{SIGN[claim['verdict']]} {claim['verdict']}"
    if claim["verdict"] == UNTESTABLE:
        why = f'{verdict}<br><span class="quiet">{escape(claim["reason"])}</span>'
        return (
            f'<tr><td colspan="2">{about}</td><td class="number">{_span(rows)}</td><td colspan="2">{why}</td>'
            f"<td>{place}</td></tr>"
        )
    notes = [_counts(claim)] if claim["comparisons"] > 1 else []
    notes += [escape(claim["reason"])] if claim["reason"] else []
    verdict += "".join(f'<br><span class="quiet">{note}</span>' for note in notes)
    tall, html = f' rowspan="{len(rows)}"', ""
    for row in rows:
        ours = "–" if row["missing"] else interval(row)
        middle = f'<td>{escape(_what(row))}</td><td class="number">{figure(row, row["paper"])}</td>'
        middle += f'<td class="number">{ours}</td>'
        html += (
            f'<tr class="more">{middle}</tr>'
            if html
            else f"<tr><td{tall}>{about}</td>{middle}<td{tall}>{verdict}</td><td{tall}>{place}</td></tr>"
        )
    return html


def _signed(value: float, digits: int) -> str:
    text = f"{value:+.{digits}f}"
    return text[1:] if not float(text) else text.replace("-", "−")


def _what(row: dict) -> str:
    if row["rule"] in ("correlated", "rises", "factor"):
        return row["task"]
    return label("" if row["task"] == "Survival" else row["task"], row["metric"]).strip()


def _counts(claim: dict) -> str:
    names = {"reproduced": "", "not_reproduced": "not", "undecided": "undecided", "untestable": "not in this run"}
    return ", ".join(f"{claim[key]} {name}".strip() for key, name in names.items() if claim[key])


def _span(rows: list[dict]) -> str:
    """The paper's figure, or the smallest and the largest of several."""
    known = sorted(
        (row for row in rows if np.isfinite(row["paper"])), key=lambda row: points(row["paper"], row["metric"])
    )
    ends = dict.fromkeys(figure(row, row["paper"]) for row in (known[:1] + known[-1:]))
    return " to ".join(ends) or "–"
