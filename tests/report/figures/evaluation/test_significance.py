"""Pictures and tables of comparisons, and links to their files."""

import base64
import re

import numpy as np
import pandas as pd
import pytest

from drasclr_core.report.figures.evaluation.rows import label
from drasclr_core.report.figures.evaluation.significance import SMALLEST, difference_forest, p_values
from drasclr_core.report.tables import csv_links, folded, readable


@pytest.fixture
def table():
    rows = [
        ("laa950", "logFEV1pp", "R2", 0.1, 0.12, 0.02, 0.2, 1e-9),
        ("laa950", "GOLD", "1-off", -3.0, np.nan, np.nan, np.nan, 0.8),
        ("chance", "logFEV1pp", "R2", 0.5, 0.5, 0.4, 0.6, 0.04),
    ]
    columns = ["against", "task", "metric", "difference", "estimate", "low", "high", "p_two_sample"]
    table = pd.DataFrame(rows, columns=columns).assign(method="drasclr", folds=5, hedges_g=-1.25, interval="percentile")
    for name in ("p_corrected", "p_bootstrap"):
        table[name] = [np.nan, 0.5, 0.2]
    for name in ("p_two_sample", "p_corrected", "p_bootstrap"):
        table[f"{name}_holm"] = (3 * table[name]).clip(upper=1)
    return table


def test_differences_have_a_panel_for_each_unit(table):
    fig = difference_forest(table)
    fractions, percent = fig.axes
    assert "R²" in fractions.get_xlabel() and "%" in percent.get_xlabel() and "DrasCLR" in percent.get_xlabel()
    dots = {float(line.get_xdata()[0]) for axis in fig.axes for line in axis.lines if line.get_marker() == "o"}
    assert dots == {0.12, -3.0, 0.5}  # the estimate where there is one, else the mean over folds
    assert [tick.get_text() for tick in percent.get_yticklabels()] == ["GOLD 1-off"]
    fig.canvas.draw()


def test_p_values_are_drawn_at_the_edge_when_tiny(table):
    (axis,) = p_values(table).axes
    drawn = np.concatenate([np.asarray(line.get_xdata(), float) for line in axis.lines])
    assert np.nanmin(drawn) == SMALLEST
    assert axis.get_yticklabels()[0].get_text() == "LAA-950: logFEV1pp"


def test_labels():
    assert label("GOLD", "accuracy") == "GOLD"
    assert label("Survival", "concordance at 25th") == "Survival 25th"
    assert label("COVID-19 severity", "kappa") == "COVID-19 severity kappa"
    assert label("Paraseptal", "F1") == "Paraseptal F1"


def test_axis_names_every_fraction(table):
    table["metric"] = ["F1", "recall", "concordance at 25th"]
    assert difference_forest(table).axes[0].get_xlabel().startswith("Difference (F1, recall, concordance);")


def test_readable_cells(table):
    text = readable(table)
    assert text.loc[("LAA-950", "logFEV1pp")].tolist() == [
        "0.12", "0.02 to 0.20", "−1.2", "<0.001 (<0.001)", "–", "–"
    ]  # fmt: skip
    assert text.loc[("LAA-950", "GOLD 1-off")].tolist()[:2] == ["−3.0", "–"]
    assert readable(table.assign(interval="normal"))["95 %"].tolist() == ["0.02 to 0.20*", "–", "0.40 to 0.60*"]
    html = folded(text, "table2", opened=True)
    assert "<details open" in html and html.count("<tr") == 1 + 3 and "&lt;0.001" in html


def test_links_hold_the_files(tmp_path):
    file = tmp_path / "table3.csv"
    file.write_text("a,b\n1,2\n")
    name, data = re.search(r'download="([^"]+)" href="data:text/csv;base64,([^"]+)"', csv_links(file)).groups()
    assert name == "table3.csv" and base64.b64decode(data) == b"a,b\n1,2\n"
    with pytest.raises(FileNotFoundError):
        csv_links(tmp_path / "absent.csv")
