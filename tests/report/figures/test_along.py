"""Scores along a number that is varied, and where it is not varied."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from drasclr_core.report.figures.ablations import scores_along


@pytest.fixture
def table():
    rows = [("hearts", "Dice", share, line, value, value - 0.1, value + 0.1)
            for share, more in (("10 %", 0.0), ("100 %", 0.2))
            for line, value in (("random", 0.3 + more), ("joint", 0.4 + more))]  # fmt: skip
    rows.append(("nodules", "CPM", "100 %", "joint", 0.7, 0.6, 0.8))
    return pd.DataFrame(rows, columns=["task", "metric", "x", "line", "value", "low", "high"])


def test_lines_are_joined_from_share_to_share(table):
    fig = scores_along(table, "labels used")
    first = fig.axes[0]
    assert [list(line.get_ydata()) for line in first.lines] == [[0.3, 0.5], [0.4, pytest.approx(0.6)]]
    assert [text.get_text() for text in first.get_xticklabels()] == ["10 %", "100 %"]
    plt.close(fig)


def test_of_a_single_share_each_line_is_a_row_with_its_name(table):
    fig = scores_along(table[table["x"] == "100 %"], "labels used")
    first, second = fig.axes
    assert [text.get_text() for text in first.get_yticklabels()] == ["random", "joint"]
    (dots,), (dot,) = first.lines, second.lines
    assert list(dots.get_xdata()) == [0.5, pytest.approx(0.6)] and list(dots.get_ydata()) == [0, 1]
    assert list(dot.get_xdata()) == [0.7] and list(dot.get_ydata()) == [1]  # the row of the same name
    assert first.get_ylim()[0] > first.get_ylim()[1]  # the first at the top
    assert fig._supxlabel.get_text() == "labels used: 100 %"
    plt.close(fig)


def test_ten_lines_stay_at_their_place_and_none_looks_like_another():
    names = [f"start {number}" for number in range(10)]
    rows = [(x, "Hearts", "Dice", line, 0.5, 0.4, 0.6) for x in ("10 %", "50 %") for line in names]
    table = pd.DataFrame(rows, columns=["x", "task", "metric", "line", "value", "low", "high"])
    fig = scores_along(table, "labels used")
    lines = fig.axes[0].get_lines()
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == 10
    left, right = zip(*(line.get_xdata() for line in lines), strict=True)
    assert max(left) < 0.5 < min(right), "a line of one place stands among those of the next"
    plt.close(fig)
