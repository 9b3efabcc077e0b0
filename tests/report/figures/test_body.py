"""The matrix of what features know has every number in its place, and the sentence above it says whose they are."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from drasclr_core.report.answers import body_answer
from drasclr_core.report.figures.baselines import body_matrix, known_against_score

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
    assert text.endswith("that learn or describe: LAA-950: K-means (0.60); Height: DrasCLR (0.70).")
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


def test_every_method_is_a_dot_with_its_name():
    beside = pd.DataFrame({"method": ["kmeans", "drasclr"], "known": [0.6, 0.4], "score": [0.45, 0.41]})
    fig = known_against_score(beside, "R² of LAA-950", "R² of FEV1")
    axis = fig.axes[0]
    assert {text.get_text(): text.xy for text in axis.texts} == {"K-means": (0.6, 0.45), "DrasCLR": (0.4, 0.41)}
    plt.close(fig)


def test_names_of_dots_that_lie_together_do_not_meet():
    names = ["kmeans", "drasclr", "drasclr_local", "moco"]
    fig = known_against_score(pd.DataFrame({"method": names, "known": 0.5, "score": 0.4}), "known", "score")
    fig.canvas.draw()
    boxes = [text.get_window_extent() for text in fig.axes[0].texts]
    assert not any(one.overlaps(other) for number, one in enumerate(boxes) for other in boxes[:number])
    plt.close(fig)
