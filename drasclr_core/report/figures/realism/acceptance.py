"""Pictures of the acceptance table and of odd patches in real scans."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

_INSIDE, _OUTSIDE, _OPEN = "#1b7837", "#b2182b", "#888888"


def acceptance_plot(table: pd.DataFrame) -> Figure:
    """Draws every quantity of an acceptance table on the scale of its accepted range, with its 95 % interval.

    The band runs from the lowest to the highest accepted value; a dot inside it passes, whatever the unit.
    """
    middle, half = (table["accept_low"] + table["accept_high"]) / 2, (table["accept_high"] - table["accept_low"]) / 2
    place = {name: ((table[name] - middle) / half).clip(-2.9, 2.9) for name in ("ours", "low", "high")}
    fig, axis = plt.subplots(figsize=(7.2, 0.26 * len(table) + 0.9))
    axis.axvspan(-1, 1, color="#dddddd", zorder=0)
    for row, passed in enumerate(table["passed"]):
        tint = _OPEN if passed is None or pd.isna(passed) else _INSIDE if passed else _OUTSIDE
        axis.plot([place["low"][row], place["high"][row]], [row, row], color=tint, lw=1.4)
        axis.plot(place["ours"][row], row, "o", color=tint, ms=5, mfc="white" if tint == _OUTSIDE else tint)
    axis.set(xlim=(-3, 3), ylim=(len(table) - 0.4, -0.6), xticks=[-1, 1],
             xticklabels=["lowest\naccepted", "highest\naccepted"])  # fmt: skip
    axis.set_yticks(np.arange(len(table)), [name if len(name) < 62 else name[:60] + "…" for name in table["quantity"]],
                    fontsize=7)  # fmt: skip
    axis.grid(axis="x", visible=False)
    return fig


def likeness_plot(table: pd.DataFrame, expected: float = 5.0) -> Figure:
    """Draws how many patches of each scan are odd among the phantoms', with the interval; `expected` of a phantom."""
    fig, axis = plt.subplots(figsize=(6.4, 0.42 * len(table) + 0.9))
    for row, one in enumerate(table.itertuples()):
        axis.plot([one.odd_low, one.odd_high], [row, row], color="#444444", lw=1.4)
        axis.plot(one.odd_pct, row, "o", color="#444444")
    axis.axvline(expected, color=_INSIDE, lw=1, ls="--")
    axis.set(xlim=(0, 100), ylim=(len(table) - 0.5, -0.5), xlabel="odd patches, % (dashed: of a further phantom)")
    axis.set_yticks(np.arange(len(table)), table["scan"], fontsize=8)
    return fig
