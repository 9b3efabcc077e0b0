"""Pictures of detection show the numbers that they are given."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.report.figures.emphysema.controls import controls_plot, reliability_plot
from drasclr_core.report.figures.emphysema.detection import (
    annotation_plot,
    box_pictures,
    detection_scores_plot,
    precision_recall_plot,
)
from drasclr_core.report.figures.emphysema.healthy import healthy_lungs_plot

from ...conftest import drawn


def test_scores_have_dots_bars_and_the_papers_diamonds():
    keys = [("patch_laa", "Centrilobular"), ("drasclr_finetuned", "Centrilobular"), ("patch_laa", "Paraseptal")]
    folds = pd.DataFrame([(*key, "F1", fold, 0.5 + 0.1 * fold) for key in keys for fold in range(3)],
                         columns=["method", "task", "metric", "fold", "value"])  # fmt: skip
    table = folds.groupby(["method", "task", "metric"], sort=False)["value"].mean().rename("mean").reset_index()
    left, right = detection_scores_plot(folds, table.assign(paper_mean=[0.77, np.nan, 0.7])).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["Patch LAA", "DrasCLR, fine-tuned"]
    assert [bar.get_width() for bar in left.patches] == pytest.approx([0.6, 0.6])
    assert [0.5, 0.6, 0.7] in [pytest.approx(x) for x, _ in drawn(left)]
    assert ([0.77], [0.0]) in drawn(left) and ([0.7], [0.0]) in drawn(right)
    left.figure.canvas.draw()


def test_precision_recall_with_chance():
    curves = pd.DataFrame({"method": "patch_laa", "task": "Paraseptal", "recall": [0.0, 1.0], "precision": [1.0, 0.4],
                           "average_precision": 0.4})  # fmt: skip
    (axis,) = precision_recall_plot(curves, {"Paraseptal": 0.3}).axes
    assert [0.3, 0.3] in [y for _, y in drawn(axis)] and ([0.0, 1.0], [1.0, 0.4]) in drawn(axis)
    (legend,) = axis.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["Patch LAA (0.40)"]
    assert axis.get_legend() is None, "twelve names would hide the curves"


def test_annotation_curve_has_a_line_a_band_and_the_goal():
    values = {"patch_cnn": 0.4, "drasclr_finetuned": 0.6}
    rows = [(method, "paraseptal", share, seed, value + seed / 10) for method, value in values.items()
            for share in (0.1, 1.0) for seed in (0, 1)]  # fmt: skip
    curve = pd.DataFrame(rows, columns=["method", "subtype", "fraction", "seed", "f1"])
    (axis,) = annotation_plot(curve).axes
    means = [y for x, y in drawn(axis) if x == [10.0, 100.0]]
    assert means == [pytest.approx([0.45, 0.45]), pytest.approx([0.65, 0.65])]
    assert [0.45, 0.45] in [pytest.approx(y) for x, y in drawn(axis) if x == [0.0, 1.0]]
    assert len(axis.collections) == 2
    axis.figure.canvas.draw()


def test_boxes_are_shown_upright():
    hu = np.full((2, 4, 4, 4), -900)
    hu[1, 0, 2, 3] = -1000  # left, top
    fig = box_pictures(hu, ["one", "two"], columns=4)
    images = [axis.images[0] for axis in fig.axes if axis.images]
    assert len(images) == 2 and images[0].get_clim() == (-1060, -825)
    assert images[1].get_array()[3, 0] == -1000 and images[1].origin == "lower"


def test_without_boxes_the_picture_says_so():
    (axis,) = box_pictures(np.empty((0, 4, 4, 4), np.int16), []).axes
    assert [text.get_text() for text in axis.texts] == ["no boxes"]


def test_differences_from_controls_lie_right_of_zero_where_ahead():
    rows = [(method, control, "Paraseptal", "average precision", gain, gain - 0.1, gain + 0.1)
            for method, gain in (("drasclr_readout", -0.2), ("drasclr_finetuned", 0.3))
            for control in ("location", "patch_laa")]  # fmt: skip
    names = ["method", "against", "task", "metric", "difference", "low", "high"]
    (axis,) = controls_plot(pd.DataFrame(rows, columns=names)).axes
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels == ["DrasCLR, fine-tuned", "DrasCLR, linear readout"]
    (key,) = axis.figure.legends
    assert [text.get_text() for text in key.get_texts()] == ["beside Location alone", "beside Patch LAA"]
    drawn_at = [tuple(x) for x, _ in drawn(axis) if len(x) == 2 and set(x) != {0} and x != [0, 1]]
    assert drawn_at == [(-0.2, 0.3)] * 2, "a line of markers for each control"
    ends = [segment[:, 0].tolist() for lines in axis.collections for segment in lines.get_segments()]
    assert [pytest.approx(0.2), pytest.approx(0.4)] in ends
    axis.figure.canvas.draw()


def test_reliability_has_the_diagonal_and_a_dot_per_bin():
    curves = pd.DataFrame({"method": "patch_cnn", "task": "Paraseptal", "predicted": [0.1, 0.9], "observed": [0.2, 0.8],
                           "weight": [0.25, 0.75]})  # fmt: skip
    (axis,) = reliability_plot(curves).axes
    assert ([0.0, 1.0], [0.0, 1.0]) in drawn(axis) and ([0.1, 0.9], [0.2, 0.8]) in drawn(axis)
    small, large = axis.collections[0].get_sizes()
    assert large > small
    axis.figure.canvas.draw()


def test_healthy_lungs_have_a_dot_each_below_and_above_the_operating_point():
    points = pd.DataFrame({"method": "patch_cnn", "task": ["Centrilobular"] * 3 + ["Paraseptal"] * 2,
                           "half": [0.3, 0.4, 0.5, 0.2, 0.1], "share": [0.0, 0.01, 0.02, 0.0, 0.04]})  # fmt: skip
    left, right = healthy_lungs_plot(points).axes
    (open_dots, _, filled, _) = left.collections
    assert sorted(open_dots.get_offsets()[:, 0]) == pytest.approx([30, 40, 50])
    assert sorted(filled.get_offsets()[:, 0]) == pytest.approx([0, 1, 2])
    assert not len(open_dots.get_facecolor()) and len(filled.get_facecolor())
    assert right.get_title() == "Paraseptal" and len(right.collections[0].get_offsets()) == 2
    left.figure.canvas.draw()
