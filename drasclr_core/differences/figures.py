"""The pictures of page 60: what the authors' code does in orange, what ours does in blue."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

THEIRS, OURS, RIGHT = "#D55E00", "#0072B2", "#999999"


def read_landmarks(tables: dict[str, pd.DataFrame]) -> Figure:
    """Draws the landmark that training believes in (grey) and the one that was read (dots), step by step.

    `tables` as from `loading.read_current`, by title.
    """
    fig, axes = plt.subplots(1, len(tables), figsize=(7.2, 2.7), sharey=True)
    for ax, (title, table) in zip(axes, tables.items(), strict=True):
        per_epoch = table["step"].max() + 1
        step = table["epoch"] * per_epoch + table["step"]
        wrong = table["landmark"] != table["read"]
        ax.plot(step, table["landmark"], "s", ms=6, mfc="none", mec=RIGHT, mew=1, label="filed under")
        ax.plot(step[~wrong], table["read"][~wrong], ".", ms=5, color=OURS, label="read, right")
        ax.plot(step[wrong], table["read"][wrong], ".", ms=5, color=THEIRS, label="read, wrong")
        for end in range(per_epoch, len(table), per_epoch):
            ax.axvline(end - 0.5, color="0.6", lw=0.8)
        middles = per_epoch * (np.arange(table["epoch"].max() + 1) + 0.5) - 0.5
        ax.set_xticks(middles, [f"epoch {number + 1}" for number in range(len(middles))])
        ax.tick_params(axis="x", length=0)
        ax.set(title=title, yticks=range(int(table["landmark"].max()) + 1))
        ax.grid(False)
    axes[0].set_ylabel("landmark")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig


def drawn_angles(theirs: pd.DataFrame, ours: pd.DataFrame) -> Figure:
    """Draws angles by sample in two epochs, a panel for theirs and one for ours."""
    fig, axes = plt.subplots(1, 2, figsize=(7.2, 2.7), sharey=True)
    for ax, title, table, color in ((axes[0], "unseeded workers", theirs, THEIRS), (axes[1], "ours", ours, OURS)):
        first, second = (table[table["epoch"] == epoch] for epoch in (0, 1))
        ax.plot(first["sample"] + 1, first["angle"], ".", color=color, ms=6, label="epoch 1")
        ax.plot(second["sample"] + 1, second["angle"], "o", mfc="none", mec="0.35", ms=9, mew=0.9, label="epoch 2")
        ax.set(title=title, xlabel="sample", ylim=(-11, 11))
    axes[0].set_ylabel("rotation, degrees")
    fig.legend(*axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig


def two_functions(apart: dict[str, float]) -> Figure:
    """Draws the numbers of `norms.trained_and_used`, theirs first."""
    fig, ax = plt.subplots(figsize=(7.2, 1.7))
    bars = ax.barh(list(apart), list(apart.values()), color=[THEIRS, RIGHT, OURS], height=0.6)
    ax.bar_label(bars, fmt="%.2f", padding=3)
    ax.invert_yaxis()
    ax.set(xlabel="h after training minus h in training, in standard deviations over subjects")
    ax.margins(x=0.12)
    ax.grid(False)
    return fig


def running_means(result: dict) -> Figure:
    """Draws the curves of `norms.running_statistics`."""
    fig, ax = plt.subplots(figsize=(7.2, 2.9))
    steps = np.arange(1, len(result["fixed order"]) + 1)
    ax.plot(steps, result["fixed order"], color=THEIRS, label="landmarks one after the other")
    ax.plot(steps, result["random order"], color=OURS, lw=1.2, label="landmarks in random order")
    ax.axhline(0, color="0.4", lw=0.8)
    ax.plot([steps[-1] + 3], [result["estimated"]], "D", color=OURS, ms=7, label="ours, estimated again at the end")
    ax.set(xlabel="step of one epoch", ylabel="running mean minus that of\nthe whole lung, in standard dev.")
    ax.legend()
    return fig


def views(examples: dict) -> Figure:
    """Draws slices of views with their repeated voxels tinted, a row for each entry of `contrast.example_views`."""
    count = len(next(iter(examples.values()))[0])
    fig, axes = plt.subplots(len(examples), count, figsize=(7.2, 1.85 * len(examples)))
    for row, (name, (slices, repeated)) in zip(axes, examples.items(), strict=True):
        for ax, view, tint in zip(row, slices, repeated, strict=True):
            ax.imshow(view.T, vmin=-1, vmax=1, origin="lower")
            ax.imshow(np.where(tint.T, 1.0, np.nan), cmap="Oranges", alpha=0.45, vmin=0.0, vmax=2.0, origin="lower")
            ax.set(xticks=[], yticks=[])
            ax.grid(False)
        row[0].set_ylabel(name)
    return fig


def negatives(own: dict[int, float], accuracy: pd.DataFrame) -> Figure:
    """Draws own keys per query by size of the cohort, and accuracy by age of the keys.

    The columns of `accuracy` are ``theirs``, ``ours`` and ``guessing``, its index is the age in steps.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.0))
    bars = left.bar([f"{subjects:,}" for subjects in own], list(own.values()), color=THEIRS)
    left.bar_label(bars, [f"{value:.1f}" for value in own.values()])
    left.set(title="own keys among the negatives", xlabel="subjects", ylabel="per query, of 4,096", yscale="log")
    left.set_ylim(0.05, 200)
    right.plot(accuracy.index, 100 * accuracy["theirs"], "o-", color=THEIRS, label="old keys only")
    right.plot(accuracy.index, 100 * accuracy["ours"], "o-", color=OURS, label="the batch's own keys too")
    right.axhline(100 * accuracy["guessing"].iloc[0], color="0.5", ls="--", lw=1, label="guessing in the batch")
    right.set(title="keys found without any tissue", xlabel="age of the keys, steps", ylabel="%", xscale="log")
    right.legend(loc="upper left")
    right.set_ylim(-3, 130)
    right.set_yticks(range(0, 101, 25))
    return fig


def leak_and_scale(told: dict[str, float], guessing: float, scale: pd.DataFrame) -> Figure:
    """Draws how often keys are told by statistics, and the first step by layer (`experts.starting_scale`)."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.2))
    colors = [THEIRS] + [OURS] * (len(told) - 1)
    bars = left.barh(list(told), [100 * value for value in told.values()], color=colors)
    left.bar_label(bars, [f"{100 * value:.0f} %" for value in told.values()], padding=3)
    left.axvline(100 * guessing, color="0.4", ls="--", lw=1)
    left.invert_yaxis()
    left.set(title="keys told by batch statistics", xlabel="%, dashed: guessing", xlim=(0, 100))
    left.grid(axis="y", visible=False)
    for name, color in (("theirs", THEIRS), ("ours", OURS)):
        relative = scale[f"step, {name}"] / scale["step, ours"].iloc[0]
        right.plot(scale["layer"], relative, "o-", color=color, label=name)
    right.set_xticks(range(1, len(scale) + 1, 3))
    right.set(title="first step, relative to the weights", xlabel="layer", ylabel="ours in layer 1 = 1", yscale="log")
    right.legend()
    return fig


def operations(counts: dict[int, dict]) -> Figure:
    """Draws operations by batch size, from `cost.operations`."""
    fig, ax = plt.subplots(figsize=(4.6, 3.0))
    sizes = list(counts)
    for name, color, label in (("theirs", THEIRS, "loop over samples"), ("ours", OURS, "one kernel per landmark")):
        ax.plot(sizes, [counts[size][name][0] for size in sizes], "o-", color=color, label=label)
    ax.set(xlabel="batch size", ylabel="operations", xscale="log", yscale="log", ylim=(100, None))
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.minorticks_off()
    ax.legend()
    return fig


def halves(told: dict[str, tuple[float, float]]) -> Figure:
    """Draws the numbers of `slices.distances_told`: right answers in either half of the volumes."""
    fig, ax = plt.subplots(figsize=(7.2, 2.4))
    for number, (name, color) in enumerate((("theirs", THEIRS), ("ours", OURS))):
        label = {"theirs": "along the numbers of the embeddings", "ours": "along the slices"}[name]
        bars = ax.bar(
            np.arange(2) + 0.38 * (number - 0.5), [100 * share for share in told[name]], 0.36, color=color, label=label
        )
        ax.bar_label(bars, fmt="%.0f")
    ax.axhline(50, color="0.4", ls="--", lw=1)
    ax.set_xticks(
        [0, 1], ["new volumes, marks in the half\nthat was learnt from", "new volumes, marks in the other half"]
    )
    ax.set(ylabel="right answers, %", ylim=(0, 115), yticks=range(0, 101, 25))
    ax.grid(axis="x", visible=False)
    fig.legend(loc="outside upper left", ncols=2)
    return fig
