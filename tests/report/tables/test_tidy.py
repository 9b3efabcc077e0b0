"""Tables of pandas become tables of a page."""

import csv
import io

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.report.tables import titled
from drasclr_core.report.tables.tidy import soup, table_csv, tidy_table


def tidied(html):
    table = soup(html).table
    return table, tidy_table(table)


def texts(table, part):
    return [[cell.get_text(strip=True) for cell in row.find_all(["th", "td"])] for row in table.select(f"{part} tr")]


def test_names_of_the_index_stand_in_the_row_of_headings():
    frame = pd.DataFrame(
        {"A": ["x", "y"], "B": ["u", "v"]},
        index=pd.MultiIndex.from_tuples([("GOLD", "R2"), ("GOLD", "1-off")], names=["Task", "Metric"]),
    )
    table, together = tidied(frame.rename_axis(columns="Minus chance").to_html())
    assert texts(table, "thead") == [["Task", "Metric", "A", "B"]] and together == "Minus chance"
    assert table["class"] == ["book-table"] and not table.get("border")


def test_two_rows_of_headings_of_columns_stay():
    columns = pd.MultiIndex.from_product([["F1", "recall"], ["direct", "voxels"]], names=["metric", "rule"])
    frame = pd.DataFrame(np.eye(2, 4), index=pd.Index(["a", "b"], name="Method"), columns=columns)
    heads = texts(tidied(frame.to_html())[0], "thead")
    assert heads == [["", "F1", "recall"], ["Method", "direct", "voxels", "direct", "voxels"]]


def test_a_counted_index_goes_and_a_named_one_stays():
    frame = pd.DataFrame({"Subtype": ["a", "b"], "n": [1, 2]})
    assert texts(tidied(frame.to_html())[0], "tbody") == [["a", "1"], ["b", "2"]]
    assert texts(tidied(frame.set_index("n").to_html())[0], "tbody") == [["1", "a"], ["2", "b"]]
    grades = pd.DataFrame({"n": [7, 8]}, index=pd.Index([0, 1], name="Grade"))
    assert texts(tidied(grades.to_html())[0], "tbody") == [["0", "7"], ["1", "8"]]


def test_an_empty_row_of_headings_goes():
    assert texts(tidied(pd.DataFrame({"": ["a"]}, index=["x"]).to_html())[0], "thead") == []


def test_digits_say_something():
    frame = pd.DataFrame(
        {"whole": [11794.0, 3.0], "big": [1234.56, 2.0], "small": [-0.25, np.nan], "word": ["1 of 2", "b"]},
        index=["x", "y"],
    )
    table, _ = tidied(frame.to_html())
    assert texts(table, "tbody") == [["x", "11,794", "1,235", "−0.25", "1 of 2"], ["y", "3", "2", "–", "b"]]
    kinds = [["number" in cell.get("class", []) for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")]
    assert kinds == [[False, True, True, True, False]] * 3


def test_intervals_and_deviations_are_numbers_too():
    cells = ["0.45 ± 0.22", "+1.7 (−3.2 to +6.6)", "12.0 (1.0 to 3.0)*", "<0.001 (0.02)", "0.02 to 0.99", "44 %"]
    table, _ = tidied(pd.DataFrame({"x": cells}, index=list("abcdef")).to_html(escape=True))
    assert all("number" in cell["class"] for cell in table.select("td"))
    assert [row[1] for row in texts(table, "tbody")] == cells


def test_tables_with_a_form_of_their_own_stay():
    html = "<table><thead><tr><th></th></tr></thead><tbody><tr><td>1.00</td></tr></tbody></table>"
    html = f'<div class="beside-paper">{html}</div>'
    found = soup(html)
    tidy_table(found.table)
    assert str(found) == html


@given(
    st.lists(
        st.lists(st.text('ab,"1 ', min_size=1).map(str.strip).filter(bool), min_size=2, max_size=2),
        min_size=1,
        max_size=4,
    )
)
def test_csv_holds_every_cell(rows):
    frame = pd.DataFrame(rows, columns=["one", "two"])
    table = soup(frame.to_html(index=False)).table
    found = list(csv.reader(io.StringIO(table_csv(table))))
    assert found == [
        ["one", "two"],
        *([" ".join(cell.split()) if "\n" in cell else cell for cell in row] for row in rows),
    ]


def test_csv_repeats_a_cell_over_several_rows():
    frame = pd.DataFrame({"n": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")], names=["p", "q"]))
    table = soup(frame.to_html()).table
    tidy_table(table)
    assert table_csv(table).splitlines() == ["p,q,n", "a,x,1", "a,y,2"]


def test_a_title_stands_in_the_table():
    table = soup(titled(pd.DataFrame({"n": [1]}), "What <it> says.")).table
    assert table.caption.text == "What <it> says." and table.find(True) is table.caption
    assert soup(titled('<div><table class="x"><tr><td>1</td></tr></table></div>', "A.")).div.table.caption.text == "A."


def test_a_titled_table_has_words_for_its_numbers():
    long = "a reason of more than fifty letters, which a table shows whole and does not cut"
    frame = pd.DataFrame({"Mean (HU)": [-847.14, np.nan], "Score": [-0.001, 1234.5], "Why": [long, np.nan]})
    table = soup(titled(frame, "From -0.00 to -3.", {"Mean (HU)": 0, "Score": 2, "not there": 1})).table
    assert table.caption.text == "From 0.00 to −3."
    assert texts(table, "tbody") == [["−847", "0.00", long], ["–", "1,234.50", "–"]]
    assert texts(table, "thead") == [["Mean (HU)", "Score", "Why"]]


def test_zero_has_no_sign():
    table, _ = tidied(pd.DataFrame({"r": ["-0.00 (-0.01 to 0.02)", "0.10"]}, index=["a", "b"]).to_html())
    assert texts(table, "tbody")[0][1] == "0.00 (−0.01 to 0.02)"
