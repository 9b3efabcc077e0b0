"""Many methods have rows with their names, in groups."""

from itertools import pairwise

import numpy as np
import pandas as pd

from drasclr_core.methods import row_of
from drasclr_core.report.figures.evaluation import difference_forest, score_dots

from ...conftest import drawn

METHODS = ["chance", "laa950", "kmeans", "divergence", "subject2vec", "moco", "dira", "drasclr"]


def test_scores_of_many_methods_have_a_panel_for_each_task_and_a_row_for_each_method():
    rows = [(name, task, metric, fold, number / 10 + fold / 100)
            for number, name in enumerate(METHODS) for task, metric in (("logFEV1pp", "R2"), ("CLE", "accuracy"))
            for fold in range(3)]  # fmt: skip
    fig = score_dots(pd.DataFrame(rows, columns=["method", "task", "metric", "fold", "value"]))
    shown = [axis for axis in fig.axes if axis.get_visible()]
    assert [axis.get_title() for axis in shown] == ["logFEV1pp (R²)", "CLE (%)"]
    assert [label.get_text() for label in shown[0].get_yticklabels()] == [row_of(name).name for name in METHODS]
    heights = shown[0].get_yticks()
    groups = [row_of(name).group for name in METHODS]
    gaps = np.diff(heights) > 1
    assert gaps.tolist() == [one != other for one, other in pairwise(groups)]
    top = next(x for x, y in drawn(shown[0]) if y and y[0] == heights[-1])
    assert np.allclose(top, [0.7, 0.71, 0.72])


def test_forest_of_many_methods_has_their_intervals_in_their_rows():
    table = pd.DataFrame({"method": "drasclr", "against": METHODS[:-1], "task": "CLE", "metric": "accuracy",
                          "difference": 0.0, "estimate": np.arange(7.0), "low": np.arange(7.0) - 1,
                          "high": np.arange(7.0) + 2})  # fmt: skip
    fig = difference_forest(table)
    (axis,) = [axis for axis in fig.axes if axis.get_visible()]
    names = [label.get_text() for label in axis.get_yticklabels()]
    for number, name in enumerate(METHODS[:-1]):
        height = axis.get_yticks()[names.index(row_of(name).name)]
        assert ([number - 1, number + 2], [height, height]) in drawn(axis)
    assert "right of 0 speaks for DrasCLR" in fig.get_supxlabel()
