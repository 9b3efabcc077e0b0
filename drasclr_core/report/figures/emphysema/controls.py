"""Pictures of detectors beside what knows nothing: differences from the controls, and reliability."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from drasclr_core.methods import row_of
from drasclr_core.report.style import color


def controls_plot(comparison: pd.DataFrame) -> Figure:
    """Draws the difference of every learned detector from every control with its interval, a panel per task.

    A row is a detector, a colour a control; right of the line at 0 the detector is ahead. `comparison` has ``method,
    against, task, metric, difference, low, high`` (`detect.verdict.compare_with_controls`).
    """
    tasks, controls = (list(dict.fromkeys(comparison[name])) for name in ("task", "against"))
    methods = list(dict.fromkeys(comparison["method"]))[::-1]  # the one looked at closely comes last in the table
    steps = np.linspace(-0.26, 0.26, len(controls)) if len(controls) > 1 else [0.0]
    height = 1.3 + len(methods) * (0.14 + 0.1 * len(controls))
    fig, axes = plt.subplots(1, len(tasks), figsize=(7.2, height), sharex=True, sharey=True, squeeze=False)
    for axis, task in zip(axes[0], tasks, strict=True):
        axis.axvline(0, color="#444444", linewidth=0.9)
        for control, step, marker in zip(controls, steps, "osDv^"[: len(controls)], strict=True):
            own = comparison[comparison["task"].eq(task) & comparison["against"].eq(control)]
            places = [methods.index(method) + step for method in own["method"]]
            axis.hlines(places, own["low"], own["high"], color=color(control), linewidth=1.6)
            axis.plot(own["difference"], places, marker, color=color(control), markersize=4.5,
                      label=f"beside {row_of(control).name}")  # fmt: skip
        for edge in range(1, len(methods)):
            axis.axhline(edge - 0.5, color="#e0e0e0", linewidth=0.6)
        axis.set(title=task, xlabel=f"Difference in {comparison['metric'].iloc[0]}")
        axis.grid(axis="y", visible=False)
    axes[0, 0].set_yticks(range(len(methods)), [row_of(name).name for name in methods], fontsize=8)
    axes[0, 0].set_ylim(len(methods) - 0.5, -0.5)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=len(controls), fontsize=8)
    return fig


def reliability_plot(curves: pd.DataFrame) -> Figure:
    """Draws what was observed against what was predicted, a panel per task; a perfect detector follows the diagonal.

    `curves` has ``method, task, predicted, observed, weight`` (`detect.scoring.reliability_curve`); a dot is the larger
    the more of the boxes it stands for.
    """
    tasks, methods = (list(dict.fromkeys(curves[name])) for name in ("task", "method"))
    height = 3.5 + 0.25 * -(-len(methods) // 2)  # the legend stands below, in two columns
    fig, axes = plt.subplots(1, len(tasks), figsize=(7.2, height), sharex=True, sharey=True, squeeze=False)
    for axis, task in zip(axes[0], tasks, strict=True):
        axis.plot([0, 1], [0, 1], color="#444444", linewidth=0.9, linestyle=":")
        for method in methods:
            own = curves[curves["task"].eq(task) & curves["method"].eq(method)]
            axis.plot(own["predicted"], own["observed"], color=color(method), linewidth=1, label=row_of(method).name)
            axis.scatter(own["predicted"], own["observed"], s=6 + 240 * own["weight"], color=color(method), alpha=0.6)
        axis.set(title=task, xlabel="Probability that was given", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes[0, 0].set_ylabel("Share that was annotated")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=8)
    return fig
