"""Tables beside the paper's."""

import html.parser
import math

import pandas as pd
import pytest

from drasclr_core.evaluate import beside_paper
from drasclr_core.report.tables.beside_paper import COLUMNS, mean_sd, table_html

PHENOTYPES = [column for group in COLUMNS["phenotypes"].values() for column in group]


@pytest.fixture
def summary():
    rows = [
        {"method": method, "task": task, "metric": metric, "mean": 0.5, "sd": 0.25, "folds": 5, "subjects": 64}
        for method in ("chance", "laa950", "drasclr", "mine<1>")
        for task, metric in PHENOTYPES
    ]
    return pd.DataFrame(rows)


def test_numbers_are_written_like_the_papers():
    assert mean_sd(0.631, 0.012, "R2") == "0.63 ± 0.01"
    assert mean_sd(65.04, 0.61, "accuracy") == "65.0 ± 0.6"
    assert mean_sd(55.8, math.nan, "1-off") == "55.8"
    assert mean_sd(-0.05, 0.1, "R2") == "−0.05 ± 0.10"
    assert mean_sd(math.nan, math.nan, "R2") == "–"
    assert mean_sd(0.871, 0.03, "kappa") == "0.87 ± 0.03"
    assert mean_sd(-1e-9, math.nan, "kappa") == "0.00"


class Cells(html.parser.HTMLParser):
    """Counts the columns of every row, and checks that tags close."""

    def __init__(self):
        super().__init__()
        self.rows, self.open, self.text = [], [], ""

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += int(dict(attributes).get("colspan", 1))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_html_has_a_cell_for_every_column_and_escapes_names(summary):
    beside = beside_paper(summary, "table2")
    skipped = beside[beside["task"] != "CLE"]
    for table in (beside, skipped):
        cells = Cells()
        cells.feed(str(table_html(table, "phenotypes")))
        assert cells.rows == [10] * (2 + 4)
        assert not cells.open
        assert "mine<1>" in cells.text
        assert "65.0±0.6" in cells.text
    assert "53.9" not in table_html(skipped, "phenotypes")


def test_kappa_stands_alone():
    rows = [{"method": "cnn3d", "task": "COVID-19 severity", "metric": metric, "mean": mean, "sd": 0.1, "folds": 5,
             "subjects": 48} for metric, mean in (("accuracy", 50.0), ("kappa", 0.8))]  # fmt: skip
    cells = Cells()
    cells.feed(str(table_html(beside_paper(pd.DataFrame(rows), "table4"), "severity")))
    assert cells.rows == [3] * (2 + 1)
    assert "61.2±3.5" in cells.text and "0.80±0.10" in cells.text


def test_each_of_our_detectors_has_the_papers_row_of_its_group():
    rows = [(method, "Centrilobular", "F1") for method in ("chance", "drasclr_readout", "drasclr_finetuned")]
    summary = pd.DataFrame(rows, columns=["method", "task", "metric"]).assign(mean=0.5, sd=0.1)
    cells = Cells()
    cells.feed(str(table_html(beside_paper(summary, "table5"), "detection")))
    assert cells.rows == [7, 7, 7, 7, 7] and "0.98" in cells.text


def test_horizons_that_are_one_take_one_column():
    rows = [("drasclr", "Survival", "concordance at 50th"), ("bode", "Survival", "concordance at 50th")]
    summary = pd.DataFrame(rows, columns=["method", "task", "metric"]).assign(mean=0.5, sd=0.1)
    cells = Cells()
    cells.feed(str(table_html(beside_paper(summary, "table3"), "survival")))
    assert cells.rows == [2] * (2 + 2) and "0.75±0.01" in cells.text and "25th" not in cells.text
