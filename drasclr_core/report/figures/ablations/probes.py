"""What the online probe read from several trainings as they went on."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from drasclr_core.methods import row_of
from drasclr_core.methods.registry import without_seed
from drasclr_core.report.style import color


def probe_lines(scores: Mapping[str, pd.DataFrame]) -> Figure:
    """Draws R² of the probe by step, a panel for each label and a line for each training, seeds in one colour.

    Parameters
    ----------
    scores : mapping of str to DataFrame
        Training -> ``step, label, r2`` of `probe_scores`. At least one has rows.
    """
    labels = list(dict.fromkeys(label for table in scores.values() for label in table["label"]))
    fig, axes = plt.subplots(1, len(labels), figsize=(7.2, 2.8), squeeze=False, sharey=True)
    for axis, label in zip(axes[0], labels, strict=True):
        for name, table in scores.items():
            own, variant = table[table["label"] == label].sort_values("step"), without_seed(name)
            axis.plot(own["step"], own["r2"], "o-", color=color(variant), markersize=3.5, linewidth=1.1,
                      label=row_of(variant).name if name == variant else None)  # fmt: skip
        axis.axhline(0, color="#8c8c8c", linewidth=0.8)
        axis.set_title(label, fontsize=9)
        axis.set_xlabel("Steps", fontsize=9)
    axes[0, 0].set_ylabel("R² of the probe")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return fig
