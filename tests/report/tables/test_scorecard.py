"""Picture and table of the scorecard."""

import numpy as np
import pytest
from bs4 import BeautifulSoup

from drasclr_core.evaluate.scorecard.board import scorecard
from drasclr_core.evaluate.scorecard.verdicts import UNTESTABLE
from drasclr_core.paper import claims
from drasclr_core.report.figures.evaluation.scorecard import LOOK, PAPER, scorecard_chart, told
from drasclr_core.report.tables.scorecard import claim_value, interval, scorecard_table

from ...evaluate.scorecard.made_up_results import write_figures, write_results


@pytest.fixture
def scored(tmp_path):
    write_figures(tmp_path)
    cells = [("COVID-19 severity", "accuracy", *row) for row in (("drasclr", 66), ("drasclr_local", 60), ("cnn3d", 70))]
    write_results(tmp_path, "table4", cells)
    return scorecard(claims(), tmp_path)


def test_chart_has_a_line_for_each_testable_comparison(scored):
    board, found = scored
    fig = scorecard_chart(board, found)
    assert len(fig.axes) == 3  # differences, correlations, a factor
    testable = found[found["missing"] == ""]
    bars = [line for axis in fig.axes for line in axis.lines if line.get_linewidth() == 1.1]
    assert len(bars) == len(testable)
    told_beside = [text.get_text() for axis in fig.axes for text in axis.texts]
    assert len(told_beside) == len(testable) and all(told_beside)
    names = [text.get_text() for axis in fig.axes for text in axis.get_yticklabels()]
    assert len(names) == (board["verdict"] != UNTESTABLE).sum()
    assert "neighbours help: COVID-19  ✓" in names and "better than a supervised 3D CNN  ✗" in names


def test_verdicts_differ_in_marker_and_colour_and_from_the_papers():
    colors, markers = zip(*LOOK.values(), strict=True)
    assert len(set(colors)) == len(set(markers)) == len(LOOK)
    assert PAPER["marker"] not in markers


def test_picture_in_words(scored):
    text = told(scored[0])
    assert "not reproduced: better than a supervised 3D CNN" in text and "cannot be tested" not in text


def test_nothing_to_draw(tmp_path):
    board, found = scorecard(claims(), tmp_path)
    with pytest.raises(ValueError, match="no claim can be tested"):
        scorecard_chart(board, found)
    assert BeautifulSoup(scorecard_table(board, found, set()), "html.parser").find("a") is None


def test_table_links_only_to_pages_that_are_there(scored):
    board, found = scored
    soup = BeautifulSoup(scorecard_table(board, found, {"12_covid_severity"}), "html.parser")
    assert {link["href"] for link in soup.find_all("a")} == {"12_covid_severity.html"}
    rows = soup.find("tbody").find_all("tr")
    lines = board["comparisons"].where(board["verdict"] != UNTESTABLE, 1).sum()
    assert len(rows) == lines
    neighbours = next(
        row.get_text(" ") for row in rows if "The neighbouring loss raises the accuracy on COVID" in row.get_text()
    )
    assert "+2.8" in neighbours and "+6.0 (" in neighbours and "✓ reproduced" in neighbours


@pytest.mark.parametrize(
    ("rule", "metric", "value", "text"),
    [
        ("better", "accuracy", 2.84, "+2.8"),
        ("better", "R2", -0.031, "−3.1"),
        ("alike", "F1", 0.0, "0.0"),
        ("correlated", "rank correlation", 0.456, "+0.46"),
        ("factor", "factor", 2.0, "2.0 times"),
        ("factor", "factor", 0.31, "0.31 times"),
        ("better", "R2", np.nan, "–"),
        ("cost", "hours", 48.0, "48 hours"),
    ],
)
def test_claim_value(rule, metric, value, text):
    assert claim_value({"rule": rule, "metric": metric}, value) == text


def test_interval():
    row = {"rule": "better", "metric": "accuracy", "estimate": 1.0, "low": -2.0, "high": 4.0, "interval": "percentile"}
    assert interval(row) == "+1.0 (−2.0 to +4.0)"
    assert interval(row | {"interval": "normal"}) == "+1.0 (−2.0 to +4.0)*"
    assert interval(row | {"low": np.nan}) == "+1.0"


def lines_of(board, found):
    soup = BeautifulSoup(scorecard_table(board, found, set()), "html.parser")
    return [row.get_text(" ", strip=True) for row in soup.find("tbody").find_all("tr")], soup.get_text(" ", strip=True)


def test_claims_without_a_difference_of_the_papers_own_are_marked(scored):
    rows, text = lines_of(*scored)
    assert "The paper's own numbers leave no positive difference." in text
    marked = [row for row in rows if "†" in row]
    assert any("3D CNN is the worst" in row for row in marked)
    assert not any("The neighbouring loss raises the accuracy on COVID" in row for row in marked)


def test_what_laa_cannot_reach_is_said_beside_the_claim(tmp_path):
    cells = [("CLE", "accuracy", "drasclr", 60.0), ("CLE", "accuracy", "laa950", 50.0)]
    cells += [("Paraseptal", "accuracy", "drasclr", 60.0), ("Paraseptal", "accuracy", "laa950", 50.0)]
    write_results(tmp_path, "table2", cells)
    rows, text = lines_of(*scorecard(claims().query("id == 'phenotypes-laa'"), tmp_path))
    assert text.count("lies below the share of the most frequent grade") == 2
    assert sum("+21.0 a" in row or "+25.1 b" in row for row in rows) == 2


def test_undecided_claims_say_how_many_subjects_would_decide(tmp_path):
    cells = [("COVID-19 severity", "accuracy", name, value) for name, value in (("drasclr", 62), ("drasclr_local", 60))]
    write_results(tmp_path, "table4", cells, spread=5.0)
    board, found = scorecard(claims().query("id == 'covid-neighbours'"), tmp_path)
    assert board["verdict"].iloc[0] == "undecided"
    board = board.assign(subjects_needed=12345.0)
    assert "about 12,000 subjects would decide it" in lines_of(board, found)[1]
