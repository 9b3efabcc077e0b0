"""Tables beside the paper's."""

import html.parser
import math

import numpy as np
import pandas as pd
import pytest

from drasclr_core.paper import tables as paper
from drasclr_core.report.tables.beside_paper import (
    DETECTION_COLUMNS,
    PHENOTYPE_COLUMNS,
    SEVERITY_COLUMNS,
    beside_paper,
    mean_sd,
    to_html,
    write_csv,
)

COLUMNS = [column for group in PHENOTYPE_COLUMNS.values() for column in group]


@pytest.fixture
def summary():
    rows = [
        {"method": method, "task": task, "metric": metric, "mean": 0.5, "sd": 0.25, "folds": 5, "subjects": 64}
        for method in ("chance", "laa950", "drasclr", "mine<1>")
        for task, metric in COLUMNS
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


def test_each_method_meets_its_own_row_of_the_paper(summary):
    beside = beside_paper(summary, paper.table("table2")).set_index(["method", "task", "metric"]).sort_index()
    assert len(beside) == len(summary)
    assert beside.loc[("drasclr", "CLE", "accuracy"), ["paper_mean", "paper_sd"]].tolist() == [53.9, 0.8]
    assert beside.loc[("laa950", "GOLD", "accuracy"), "paper_mean"] == 55.8
    assert np.isnan(beside.loc[("laa950", "GOLD", "accuracy"), "paper_sd"])
    assert beside.loc["chance", "paper_mean"].isna().all()


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
    beside = beside_paper(summary, paper.table("table2"))
    skipped = beside[beside["task"] != "CLE"]
    for table in (beside, skipped):
        cells = Cells()
        cells.feed(to_html(table))
        assert cells.rows == [10] * (2 + 4)
        assert not cells.open
        assert "mine<1>" in cells.text
        assert "65.0±0.6" in cells.text
    assert "53.9" not in to_html(skipped)


def test_severity_meets_the_papers_accuracy_and_kappa_stands_alone():
    rows = [{"method": "cnn3d", "task": "COVID-19 severity", "metric": metric, "mean": mean, "sd": 0.1, "folds": 5,
             "subjects": 48} for metric, mean in (("accuracy", 50.0), ("kappa", 0.8))]  # fmt: skip
    beside = beside_paper(pd.DataFrame(rows), paper.table("table4")).set_index("metric")
    assert beside.loc["accuracy", ["paper_mean", "paper_sd"]].tolist() == [61.2, 3.5]
    assert np.isnan(beside.loc["kappa", "paper_mean"])
    cells = Cells()
    cells.feed(to_html(beside.reset_index(), SEVERITY_COLUMNS))
    assert cells.rows == [3] * (2 + 1)
    assert "61.2±3.5" in cells.text and "0.80±0.10" in cells.text


def test_csv_is_read_back(tmp_path, summary):
    beside = beside_paper(summary, paper.table("table2"))
    write_csv(tmp_path / "results" / "table2.csv", beside)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "results" / "table2.csv"), beside)
    assert [file.name for file in (tmp_path / "results").iterdir()] == ["table2.csv"]


def test_methods_are_matched_within_their_group():
    methods = ["chance", "patch_laa", "drasclr_readout", "patch_cnn", "drasclr_finetuned"]
    rows = [(method, task, metric) for method in methods for task in DETECTION_COLUMNS for metric in ("F1", "recall")]
    summary = pd.DataFrame(rows, columns=["method", "task", "metric"]).assign(mean=0.5, sd=0.1, folds=5, subjects=9)
    table = beside_paper(summary, paper.table("table5"))
    assert table[["method", "task", "metric"]].equals(summary[["method", "task", "metric"]])
    f1 = table[table["metric"] == "F1"].set_index(["method", "task"])["paper_mean"]
    assert f1.xs("Centrilobular", level=1)[methods[1:]].tolist() == [0.77, 0.82, 0.91, 0.98]
    assert f1.xs("Paraseptal", level=1)[methods[1:]].tolist() == [0.70, 0.82, 0.82, 0.99]
    assert np.isnan(f1["chance"]).all()
    assert "0.98" in to_html(table, DETECTION_COLUMNS)
