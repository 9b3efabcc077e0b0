"""Pictures of readouts show the numbers that they are given."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text

from drasclr_core.evaluate.tasks import Task
from drasclr_core.report.figures.evaluation.readout import (
    confusion_by_method,
    confusion_matrices,
    predicted_against_true,
    score_dots,
)
from drasclr_core.report.style import color, use_style

GOLD = Task("GOLD", "GOLD", classes=(0, 1, 2, 3, 4))


def luminance(ink):
    rgb = np.array(to_rgb(ink))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def test_dots_are_folds_and_means():
    cells = [("logFEV1pp", "R2", [0.2, 0.4, -7.0]), ("GOLD", "accuracy", [50.0, 60.0, 70.0])]
    scores = pd.DataFrame(
        [
            {"method": method, "task": task, "metric": metric, "value": value}
            for method in ("chance", "drasclr")
            for task, metric, values in cells
            for value in values
        ]
    )
    fig = score_dots(scores)
    regression, grades = fig.axes
    assert [label.get_text() for label in grades.get_yticklabels()] == ["GOLD"]
    drawn = {tuple(line.get_xdata()) for line in grades.lines}
    assert {(50.0, 60.0, 70.0), (60.0,)} <= drawn
    assert min(min(line.get_xdata()) for line in regression.lines) == -1.0  # -7 is drawn at the edge
    assert (-1.0,) in {tuple(line.get_xdata()) for line in regression.lines}  # and so is the mean, -2.1
    fig.canvas.draw()


def test_scores_of_one_kind_give_one_panel():
    scores = pd.DataFrame({"method": "x", "task": "CLE", "metric": "1-off", "value": [1.0, 2.0]})
    (axis,) = score_dots(scores).axes
    assert axis.get_yticklabels()[0].get_text() == "CLE 1-off"


def test_scatter_undoes_the_logarithm():
    predictions = pd.DataFrame(
        {"method": "x", "task": "logFEV1pp", "repeat": [0, 0, 1], "true": np.log([50.0, 100.0, 1.0]),
         "predicted": np.log([60.0, 90.0, 1.0])}
    )  # fmt: skip
    (axis,) = predicted_against_true(predictions, {"logFEV1pp": "FEV1 (%)"}).axes
    np.testing.assert_allclose(axis.collections[0].get_offsets(), [[50, 60], [100, 90]])
    assert axis.get_xlabel() == "True FEV1 (%)"
    low, high = axis.get_xlim()
    ticks = axis.get_xticks()
    assert len(ticks) >= 3
    assert ((low <= ticks) & (ticks <= high)).all()


def test_confusion_matrix_counts():
    predictions = pd.DataFrame(
        {"method": "x", "task": "GOLD", "repeat": 0, "true": [0, 0, 0, 4], "predicted": [0, 0, 1, 2]}
    )
    (axis,) = confusion_matrices(predictions, [GOLD]).axes
    texts = {text.get_position(): text.get_text() for text in axis.texts}
    assert (texts[0, 0], texts[1, 0], texts[2, 4], texts[4, 4]) == ("2", "1", "1", "")


def test_counts_are_read_on_their_colour():
    """Light inks on dark fields, dark ones on light fields, whatever the colour of the method."""
    one = pd.DataFrame({"task": "GOLD", "repeat": 0, "true": [0, 0, 0, 1], "predicted": [0, 0, 1, 1]})
    methods = ("chance", "cnn3d", "kmeans", "medicalnet", "joint", "drasclr")
    for axis in confusion_by_method(pd.concat([one.assign(method=name) for name in methods]), GOLD).axes:
        image = axis.images[0]
        for text in axis.texts:
            x, y = text.get_position()
            inks = [luminance(ink) for ink in (text.get_color(), image.to_rgba(image.get_array())[y, x])]
            assert not text.get_text() or (max(inks) + 0.05) / (min(inks) + 0.05) >= 3.5


def test_kappa_has_a_panel_of_its_own_and_leaves_out_what_is_undefined():
    cells = {"accuracy": [40.0, 60.0, 50.0], "kappa": [0.5, float("nan"), 0.7]}
    rows = [{"method": "drasclr", "task": "COVID-19 severity", "metric": metric, "value": value}
            for metric, values in cells.items() for value in values]  # fmt: skip
    accuracy, kappa = score_dots(pd.DataFrame(rows)).axes
    assert accuracy.get_xlabel().startswith("Correct") and "kappa" in kappa.get_xlabel()
    drawn = {tuple(line.get_xdata()) for line in kappa.lines}
    assert (0.5, 0.7) in drawn and any(line == pytest.approx((0.6,)) for line in drawn)


def test_confusion_of_each_method_in_its_own_colour():
    one = pd.DataFrame({"method": "cnn3d", "task": "GOLD", "repeat": 0, "true": [0, 4], "predicted": [0, 4]})
    both = pd.concat([one, one.assign(method="drasclr", predicted=[0, 0])])
    axes = confusion_by_method(both, GOLD).axes
    assert [axis.get_title() for axis in axes] == ["3D CNN", "DrasCLR"]
    texts = [{text.get_position(): text.get_text() for text in axis.texts} for axis in axes]
    assert texts[0][4, 4] == "1" and texts[1][0, 4] == "1" and texts[1][4, 4] == ""
    for axis, method in zip(axes, ("cnn3d", "drasclr"), strict=True):
        assert to_hex(axis.images[0].cmap(1.0)).upper() == color(method).upper()


def test_titles_of_confusion_matrices_do_not_meet():
    one = pd.DataFrame({"method": "x", "task": "GOLD", "repeat": 0, "true": [0, 4], "predicted": [0, 4]})
    methods = ("chance", "cnn3d", "laa950", "lung_density", "hand_designed", "kmeans",
               "divergence", "untrained", "medicalnet", "models_genesis", "moco", "domainclr",
               "swinunetr", "dira", "context_ssl", "joint", "drasclr_local", "drasclr", "truth")  # fmt: skip
    with plt.rc_context():
        use_style()  # titles are bold, and at the left
        fig = confusion_by_method(pd.concat([one.assign(method=name) for name in methods]), GOLD)
        fig.canvas.draw()
        boxes = [text.get_window_extent() for axis in fig.axes for text in axis.get_children()
                 if isinstance(text, Text) and text.get_text() == axis.get_title("left")]  # fmt: skip
    assert len(boxes) == len(methods) and all(box.width > 0 for box in boxes)
    space = 0.03 * fig.dpi  # inches, of a title of 8 points
    for line in (boxes[:6], boxes[6:12], boxes[12:18]):
        assert all(left.x1 + space < right.x0 for left, right in pairwise(line))


def test_confusion_of_many_methods_goes_on_below():
    one = pd.DataFrame({"method": "x", "task": "GOLD", "repeat": 0, "true": [0, 4], "predicted": [0, 4]})
    axes = confusion_by_method(pd.concat([one.assign(method=f"m{number}") for number in range(8)]), GOLD).axes
    assert [axis.get_title() for axis in axes] == [f"m{number}" for number in range(8)]
    assert len({round(axis.get_position().y0, 3) for axis in axes}) == 2
