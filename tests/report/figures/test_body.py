"""The matrix of what features know has every number in its place, and the sentence above it says whose they are."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from drasclr_core.report.answers import body_answer
from drasclr_core.report.figures.baselines import body_matrix, directions_plot, score_panels

SCORES = {
    "chance": (0.0, -0.01),
    "laa950": (0.95, 0.1),
    "hand_designed": (0.9, 0.99),
    "kmeans": (0.6, np.nan),
    "drasclr": (0.4, 0.7),
    "truth": (0.97, 1.0),
}


def table():
    rows = [
        (method, task, "R2", value, value - 0.125, value + 0.125)
        for method, values in SCORES.items()
        for task, value in zip(("LAA-950", "Height"), values, strict=True)
    ]
    return pd.DataFrame(rows, columns=["method", "task", "metric", "mean", "low", "high"])


def test_best_and_least_of_a_method_and_who_knows_most():
    text = body_answer(table(), "drasclr")
    assert text.startswith(
        "**Of 2 measures the features of DrasCLR know Height (R² 0.70, 0.57 to 0.82) best and LAA-950 (R² 0.40"
    )
    # Neither what is measured on the scan nor a ceiling is a method that learns.
    assert text.endswith("(what is measured on the scan is left out): LAA-950: K-means (0.60); Height: DrasCLR (0.70).")
    dark = table().assign(mean=lambda rows: rows["mean"].where(rows["task"] != "Height", 0.02))
    assert body_answer(dark, "drasclr").endswith(
        "LAA-950: K-means (0.60). Hardly anything is known of Height (R² at most 0.02)."
    )


def test_every_field_has_its_number():
    fig = body_matrix(table())
    axis = fig.axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["LAA-950", "Height"]
    assert axis.get_yticklabels()[4].get_text() == "DrasCLR"
    fields = {text.get_position()[::-1]: text.get_text() for text in axis.texts}
    assert fields[4, 0] == "0.40" and fields[4, 1] == "0.70" and fields[0, 1] == "−0.01"
    assert (3, 1) not in fields, "there is no number"
    plt.close(fig)


def test_every_method_is_a_dot_of_each_panel():
    beside = pd.DataFrame({"logFEV1pp": [0.45, 0.41], "LAA-950": [0.6, 0.4]}, index=["kmeans", "drasclr"])
    fig = score_panels(beside, ["FEV1", "LAA-950"])
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["K-means", "DrasCLR"]
    for axis, column in zip(fig.axes, beside, strict=False):
        dots = sorted((line.get_ydata()[0], line.get_xdata()[0]) for line in axis.lines if line.get_marker() == "o")
        assert [value for _, value in dots] == beside[column].tolist()
    plt.close(fig)


def test_directions_have_a_panel_for_each_method_and_a_colour_for_each_subject():
    points = pd.DataFrame({"method": ["drasclr"] * 3 + ["kmeans"] * 3, "first": range(6), "second": range(6),
                           "mean_hu": [-870.0, -850, -830] * 2})  # fmt: skip
    table = pd.DataFrame({"method": ["drasclr", "kmeans"], "density": [0.91, 0.5]})
    left, right, bar = directions_plot(points, table).axes
    assert [axis.get_title() for axis in (left, right)] == ["DrasCLR\n91 %", "K-means\n50 %"]
    assert left.collections[0].get_array().tolist() == [-870, -850, -830]
    assert right.collections[0].get_offsets()[:, 0].tolist() == [3, 4, 5]
    assert "Mean density" in bar.get_xlabel()
    left.figure.canvas.draw()
