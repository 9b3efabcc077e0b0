"""Pictures of survival models: concordance of every row, survival by predicted risk, calibration, hazard ratios."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from drasclr_core.evaluate.survival.risk_groups import TERTILES, YEAR
from drasclr_core.methods import row_of
from drasclr_core.report.style import color

# Light to dark, and a line style each, so that the order is seen without colours.
GROUP_LOOK = (("#6baed6", "-"), ("#2171b5", "--"), ("#08306b", "-."))
PAPER_LOOK = {"marker": "D", "markerfacecolor": "white", "markeredgecolor": "#444444", "linestyle": "", "markersize": 5}
RATIO_RANGE = (0.2, 5.0)


def concordance_forest(table: pd.DataFrame) -> Figure:
    """Draws concordance of every row of Table 3 with its 95 % interval, a panel per horizon; the paper's as diamonds.

    The `table` has ``method, metric, mean, low, high, paper_mean``; rows keep their order.
    """
    methods, metrics = list(dict.fromkeys(table["method"])), list(dict.fromkeys(table["metric"]))
    fig, axes = plt.subplots(
        1, len(metrics), figsize=(7.2, 1.2 + 0.33 * len(methods)), sharex=True, sharey=True, squeeze=False
    )
    for axis, metric in zip(axes[0], metrics, strict=True):
        part = table[table["metric"] == metric].set_index("method").loc[methods]
        for height, (method, row) in enumerate(part.iterrows()):
            axis.plot([row["low"], row["high"]], [height, height], color=color(method), linewidth=1.6)
            axis.plot(row["mean"], height, "o", color=color(method), markersize=6.5)
            axis.plot(row["paper_mean"], height + 0.28, **PAPER_LOOK)
        axis.axvline(0.5, color="#444444", linewidth=0.8)
        axis.set(title=metric.removeprefix("concordance at ") + " percentile", xlabel="Concordance")
        axis.grid(axis="y", visible=False)
    axes[0, 0].set_yticks(range(len(methods)), [row_of(method).name for method in methods])
    axes[0, 0].set_ylim(len(methods) - 0.4, -0.6)
    low = np.nanmin(table[["low", "mean", "paper_mean"]].to_numpy(float))
    axes[0, 0].set_xlim(max(0.0, min(low, 0.5) - 0.03), 1.0)
    ours = Line2D([], [], marker="o", color="#444444", linewidth=1.6, label="ours, 95 % interval")
    fig.legend(handles=[ours, Line2D([], [], label="the paper", **PAPER_LOOK)], loc="outside upper right", ncols=2)
    return fig


def survival_curves(curves: pd.DataFrame, at_risk: pd.DataFrame, title: str = "") -> Figure:
    """Draws Kaplan-Meier curves with 95 % bands, and under them how many subjects are still followed.

    Parameters
    ----------
    curves : DataFrame
        From `risk_groups.curves`; groups 0, 1, 2 are low, middle and high risk, a single group is everybody.
    at_risk : DataFrame
        From `risk_groups.at_risk`; its columns are the days of the ticks.
    """
    groups = list(at_risk.index)
    named = len(groups) > 1
    names = [f"{TERTILES[group]} risk" if named else "all" for group in groups]
    fig, (axis, below) = plt.subplots(
        2, 1, figsize=(7.2, 3.5 + 0.22 * len(groups)), sharex=True, height_ratios=[3.2, 0.25 + 0.22 * len(groups)]
    )
    for group, name in zip(groups, names, strict=True):
        part, (shade, line) = curves[curves["group"] == group], GROUP_LOOK[group if named else 1]
        years = part["day"] / YEAR
        axis.step(years, part["survival"], where="post", color=shade, linestyle=line, label=name)
        axis.fill_between(years, part["low"], part["high"], step="post", color=shade, alpha=0.15, linewidth=0)
    axis.set(ylabel="Alive", ylim=(min(0.5, curves["low"].min() - 0.03), 1.01), title=title)
    axis.legend(loc="lower left", handlelength=3)
    for height, (group, name) in enumerate(zip(groups, names, strict=True)):
        for day, count in at_risk.loc[group].items():
            below.text(day / YEAR, height, str(count), ha="center", va="center", fontsize=9)
        below.text(-0.01, height, name, ha="right", va="center", fontsize=9, transform=below.get_yaxis_transform())
    below.set(ylim=(len(groups) - 0.4, -0.6), xlabel="Years since the scan", yticks=[])
    below.set_xticks([day / YEAR for day in at_risk.columns])
    below.set_xlim(-0.2, curves["day"].max() / YEAR + 0.2)
    below.set_title("Number at risk", fontsize=9, fontweight="normal", loc="left", pad=2)
    below.grid(visible=False)
    for side in ("left", "bottom"):
        below.spines[side].set_visible(False)
    return fig


def calibration_plot(tables: dict[str, pd.DataFrame]) -> Figure:
    """Draws observed against predicted risk of groups of subjects, one panel per method.

    `tables` has the `calibration_table` of each method; its row 0, all subjects, is drawn as a cross.
    """
    fig, axes = plt.subplots(1, len(tables), figsize=(7.2, 0.6 + 7.0 / max(len(tables), 2)), sharey=True, squeeze=False)
    top = max(table[["predicted", "observed", "high"]].max(axis=None) for table in tables.values())
    top = min(1.0, 1.08 * top)
    for axis, (method, table) in zip(axes[0], tables.items(), strict=True):
        axis.plot([0, top], [0, top], color="#444444", linewidth=0.8, linestyle="--")
        groups, everybody = table[table["group"] > 0], table[table["group"] == 0]
        error = np.abs(groups[["low", "high"]].to_numpy().T - groups["observed"].to_numpy())
        axis.errorbar(
            groups["predicted"], groups["observed"], yerr=error, fmt="o-", color=color(method), linewidth=1.2, capsize=2
        )
        axis.plot(everybody["predicted"], everybody["observed"], "x", color="#444444", markersize=8)
        axis.set(title=row_of(method).name, xlabel="Predicted risk", xlim=(0, top), ylim=(0, top), aspect="equal")
    axes[0, 0].set_ylabel("Observed risk")
    return fig


def hazard_ratio_forest(table: pd.DataFrame, names: dict[str, str]) -> Figure:
    """Draws hazard ratios with 95 % intervals on a logarithmic axis; intervals that leave the axis end in an arrow.

    The `table` is from `proportional_hazards.hazard_ratios`; `names` says what to write for a covariate.
    """
    fig, axis = plt.subplots(figsize=(7.2, 1.0 + 0.3 * len(table)))
    low, high = RATIO_RANGE
    for height, row in enumerate(table.itertuples()):
        axis.plot([max(row.low, low), min(row.high, high)], [height, height], color="#555555")
        for end, beyond, arrow in ((low, row.low < low, "<"), (high, row.high > high, ">")):
            if beyond:
                axis.plot(end, height, arrow, color="#555555", markersize=5, clip_on=False)
        if low <= row.hazard_ratio <= high:
            axis.plot(row.hazard_ratio, height, "s", color="#0072B2", markersize=6)
    axis.axvline(1, color="#444444", linewidth=0.8)
    axis.set_xscale("log")
    axis.set(
        xlim=RATIO_RANGE, ylim=(len(table) - 0.4, -0.6), xlabel="Hazard ratio (longer-lived left, shorter-lived right)"
    )
    axis.set_yticks(range(len(table)), [names.get(name, name) for name in table["covariate"]])
    axis.xaxis.set_major_locator(FixedLocator([0.2, 0.5, 1, 2, 5]))
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_locator(NullLocator())
    axis.grid(axis="y", visible=False)
    return fig
