"""Pictures of survival show the numbers that they are given."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.survival import YEAR
from drasclr_core.report.figures.evaluation.survival import (
    RATIO_RANGE,
    calibration_plot,
    concordance_forest,
    hazard_ratio_forest,
    survival_curves,
)

from ...conftest import drawn


def test_forest_has_a_panel_for_each_horizon_and_the_papers_points():
    rows = [("drasclr", "25th", 0.7, 0.76), ("mine", "25th", 0.6, np.nan), ("drasclr", "75th", 0.8, 0.74),
            ("mine", "75th", np.nan, np.nan)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["method", "metric", "mean", "paper_mean"])
    table = table.assign(metric="concordance at " + table["metric"], low=table["mean"] - 0.1, high=table["mean"] + 0.1)
    fig = concordance_forest(table)
    early, late = fig.axes
    assert [axis.get_title() for axis in fig.axes] == ["25th percentile", "75th percentile"]
    assert [label.get_text() for label in early.get_yticklabels()] == ["DrasCLR", "mine"]
    assert ([0.7], [0]) in drawn(early) and ([0.6, 0.8], pytest.approx([0, 0])) in [
        (pytest.approx(x), y) for x, y in drawn(early)
    ]
    assert 0.76 in [x[0] for x, _ in drawn(early)] and 0.74 in [x[0] for x, _ in drawn(late)]
    fig.canvas.draw()


def test_curves_with_numbers_at_risk():
    curves = pd.DataFrame({"group": [0, 0, 2, 2], "day": [0, 700, 0, 700], "survival": [1, 0.9, 1, 0.6]})
    curves = curves.assign(low=curves["survival"] - 0.1, high=1.0)
    at_risk = pd.DataFrame([[20, 15], [21, 9]], index=[0, 2], columns=[0.0, 2 * YEAR])
    fig = survival_curves(curves, at_risk, "DrasCLR")
    axis, below = fig.axes
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["low risk", "high risk"]
    assert axis.get_ylim()[0] <= 0.5
    texts = {text.get_text() for text in below.texts}
    assert {"20", "15", "21", "9", "low risk", "high risk"} <= texts
    assert len({line.get_linestyle() for line in axis.lines}) == 2
    fig.canvas.draw()


def test_one_group_is_everybody():
    curves = pd.DataFrame({"group": 0, "day": [0, 700], "survival": 1.0, "low": 1.0, "high": 1.0})
    fig = survival_curves(curves, pd.DataFrame([[3]], index=[0], columns=[0.0]))
    assert fig.axes[0].get_legend().get_texts()[0].get_text() == "all"


def test_calibration_with_undefined_intervals():
    table = pd.DataFrame(
        {"group": [0, 1, 2], "predicted": [0.2, 0.1, 0.3], "observed": [0.2, 0.0, 0.4], "low": [0.1, np.nan, 0.3],
         "high": [0.3, np.nan, 0.5]}
    )  # fmt: skip
    fig = calibration_plot({"drasclr": table, "bode": table})
    assert len(fig.axes) == 2
    assert ([0.1, 0.3], [0.0, 0.4]) in drawn(fig.axes[0])
    assert ([0.2], [0.2]) in drawn(fig.axes[0])
    fig.canvas.draw()


def test_hazard_ratios_beyond_the_axis_end_in_arrows():
    table = pd.DataFrame(
        {"covariate": ["age", "never"], "hazard_ratio": [1.5, 0.01], "low": [1.2, 0.0001], "high": [1.9, 900.0]}
    )
    (axis,) = hazard_ratio_forest(table, {"age": "Age"}).axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["Age", "never"]
    assert {line.get_marker() for line in axis.lines} >= {"s", "<", ">"}
    points = [x for line in axis.lines for x in np.atleast_1d(line.get_xdata())]
    assert min(points) >= RATIO_RANGE[0] and max(points) <= RATIO_RANGE[1]
