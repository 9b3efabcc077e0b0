"""The scorecard as one picture: every difference with its interval beside the paper's figure, by verdict."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from drasclr_core.evaluate.scorecard.verdicts import CLAIM_VERDICTS, NOT_REPRODUCED, REPRODUCED, UNDECIDED, UNTESTABLE
from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.report.figures.evaluation.rows import label

# Blue, vermilion and grey stay apart under every colour blindness; the markers need no colour at all.
LOOK = {REPRODUCED: ("#0072B2", "o"), NOT_REPRODUCED: ("#D55E00", "X"), UNDECIDED: ("#7a7a7a", "s")}
SIGN = {REPRODUCED: "✓", NOT_REPRODUCED: "✗", UNDECIDED: "?", UNTESTABLE: "–"}
PAPER = {"marker": "D", "markerfacecolor": "none", "markeredgecolor": "#222222", "linestyle": "", "markersize": 4.2}
REACH = 45.0
TIMES = (0.5, 1, 2, 5, 10)
_HEAD, _LINE = 0.17, 0.105  # inches between claims, and between the comparisons of one claim
_AXES = {  # rules -> (name of the axis, no advantage, logarithmic)
    ("better", "alike"): ("Difference in points (R², F1 and concordance times 100)", 0.0, False),
    ("seeds",): ("Difference in points (Dice, CPM and AUC times 100)", 0.0, False),
    ("correlated", "rises", "apart"): ("Rank correlation, with the GOLD stage or between two regions", 0.0, False),
    ("factor",): ("Times the annotation from scratch", 1.0, True),
}


def points(value: float, metric: str) -> float:
    """Returns a difference in points: accuracies are given in per cent, everything else as a fraction."""
    return value if metric in PERCENT else 100 * value


def compared_on(row: dict) -> str:
    """Returns on what a comparison is made, as "GOLD 1-off"; survival is not named, its horizon is."""
    if row["rule"] in ("correlated", "rises", "apart", "factor"):
        return row["task"]
    return label("" if row["task"] == "Survival" else row["task"], row["metric"]).strip()


def scorecard_chart(board: pd.DataFrame, found: pd.DataFrame) -> Figure:
    """Draws a row for each claim that can be tested, a line in it for each comparison, in the order of the table.

    Dots are this run's, bars 95 % intervals (cut at `REACH` points), open diamonds the paper's. Each line has the
    colour and marker of its own verdict and, to the right, what it compares; each row's name the sign of the claim's.

    Parameters
    ----------
    board, found : DataFrame
        From `evaluate.scorecard.scorecard`.

    Raises
    ------
    ValueError
        No claim can be tested.
    """
    board = board[board["verdict"] != UNTESTABLE]
    panels = [(look, part) for rules, look in _AXES.items() if len(part := board[board["rule"].isin(rules)])]
    if not panels:
        raise ValueError("no claim can be tested with these files: there is nothing to draw")
    lines = {claim: part for claim, part in found[found["missing"] == ""].groupby("id")}
    heights = [sum(_HEAD + _LINE * len(lines[claim]) for claim in part["id"]) + 0.1 for _, part in panels]
    fig, axes = plt.subplots(
        len(panels), figsize=(7.2, sum(heights) + 0.6 * len(panels) + 0.4), squeeze=False, height_ratios=heights
    )
    for axis, ((name, none, logarithmic), part), height in zip(axes[:, 0], panels, heights, strict=True):
        if logarithmic:
            axis.set_xscale("log")
            axis.xaxis.set_major_locator(FixedLocator(TIMES))
            axis.xaxis.set_major_formatter(ScalarFormatter())
            axis.xaxis.set_minor_locator(NullLocator())
        _panel(axis, part, lines)
        axis.axvline(none, color="#444444", linewidth=0.8)
        axis.set(xlabel=name, ylim=(height, 0))
        axis.grid(axis="y", visible=False)
    handles = [
        Line2D([], [], color=color, marker=marker, label=f"{SIGN[verdict]} {verdict}")
        for verdict, (color, marker) in LOOK.items()
    ]
    fig.legend(handles=[*handles, Line2D([], [], label="the paper", **PAPER)], loc="outside upper right", ncols=4)
    return fig


def told(board: pd.DataFrame) -> str:
    """Returns the picture in words: which claims of the `board` got which verdict."""
    parts = [
        (verdict, board.loc[board["verdict"] == verdict, "short"]) for verdict in CLAIM_VERDICTS if verdict in LOOK
    ]
    return "; ".join(f"{verdict}: {', '.join(names) or 'none'}" for verdict, names in parts)


def _panel(axis: plt.Axes, part: pd.DataFrame, lines: dict[str, pd.DataFrame]) -> None:
    top, ticks = 0.0, []
    for claim in part.itertuples():
        own = lines[claim.id]
        for number, row in enumerate(own.itertuples()):
            height = top + _HEAD / 2 + _LINE * (number + 0.5)
            _line(axis, row, height)
            axis.text(1.01, height, compared_on(row._asdict()), transform=axis.get_yaxis_transform(), fontsize=6,
                      verticalalignment="center_baseline", color="#444444")  # fmt: skip
        bottom = top + _HEAD + _LINE * len(own)
        ticks.append(((top + bottom) / 2, f"{claim.short}  {SIGN[claim.verdict]}"))
        axis.axhline(bottom, color="#e0e0e0", linewidth=0.6)
        top = bottom
    axis.set_yticks(*zip(*ticks, strict=True), fontsize=8)


def _line(axis: plt.Axes, row: tuple, height: float) -> None:
    color, marker = LOOK[row.verdict]
    values = np.array([row.low, row.high, row.estimate, row.paper], dtype=float)
    if row.rule in ("better", "alike", "seeds"):
        values = np.clip([points(value, row.metric) for value in values], -REACH, REACH)
    elif row.rule == "factor":  # cut at the ends of the axis
        values = np.clip(values, *TIMES[:: len(TIMES) - 1])
    low, high, estimate, paper = values
    axis.plot([low, high], [height, height], color=color, linewidth=1.1)
    axis.plot(paper, height, **PAPER)
    axis.plot(estimate, height, marker, color=color, markersize=4)
