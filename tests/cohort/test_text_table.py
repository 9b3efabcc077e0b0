"""Text tables of other people: any separator, spaces, quotes and marks come to the same cells, and none moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.cohort.text_table import read_table

words = st.text("ab ,;\t\"'ü", max_size=6).map(lambda word: f"x{word}".strip())


@given(
    st.lists(st.lists(words, min_size=3, max_size=3), min_size=1, max_size=4),
    st.sampled_from(",;\t"), st.sampled_from(["", " "]), st.sampled_from(["utf-8", "utf-8-sig"]),
)  # fmt: skip
def test_every_way_to_write_a_table_gives_its_cells(tmp_path_factory, cells, separator, space, encoding):
    quoted = [[f'"{cell.replace(chr(34), 2 * chr(34))}"' for cell in row] for row in [["sid", "one", "two"], *cells]]
    text = "".join(f"{separator}{space}".join(row) + "\n" for row in quoted)
    path = tmp_path_factory.mktemp("table") / "t.csv"
    path.write_text(text, encoding)
    table = read_table(path, str)
    assert list(table) == ["sid", "one", "two"] and table.to_numpy().tolist() == cells


def test_a_separator_at_the_end_of_every_row_moves_nothing(tmp_path):
    (tmp_path / "t.csv").write_text("sid,one\na,1,\nb,2,\n")
    assert read_table(tmp_path / "t.csv")["one"].tolist() == [1, 2]


def test_empty_rows_are_no_rows_and_the_others_keep_their_numbers(tmp_path):
    (tmp_path / "t.csv").write_text("sid,one\n\na,1\n,\nb,\n,\n\n")
    table = read_table(tmp_path / "t.csv", {"sid": str})
    assert table["sid"].tolist() == ["a", "b"] and table.index.tolist() == [0, 1]
    assert read_table(tmp_path / "t.csv", numbered=True).index.tolist() == [3, 5]


def test_spaces_in_the_header_keep_the_type_of_a_column(tmp_path):
    (tmp_path / "t.csv").write_text("sid ,one\n007,1\n010,2\n")
    assert read_table(tmp_path / "t.csv", {"sid": str})["sid"].tolist() == ["007", "010"]


def test_decimal_commas_are_numbers_where_semicolons_separate(tmp_path):
    text = "sid;FEV1pp;GOLD;note;code\n1,5;83,5;1;1,5 m;01\n2,5;;2;;02\n3,5;70;;2;03\n"
    (tmp_path / "t.csv").write_text(text)
    table = read_table(tmp_path / "t.csv", {"sid": str, "code": str})
    assert table["sid"].tolist() == ["1,5", "2,5", "3,5"] and table["code"].tolist() == ["01", "02", "03"]
    assert table["FEV1pp"].dropna().tolist() == [83.5, 70.0] and table["FEV1pp"].dtype == float
    assert table["note"].dropna().tolist() == ["1,5 m", "2"], "a column of text stays text"
    assert read_table(tmp_path / "t.csv", str)["FEV1pp"].tolist()[0] == "83,5"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"sid,one\na,1,2\n", "t.csv: row 2 has 3 cells and the header 2"),
        (b"", "t.csv: not a table"),
        (
            b'sid,note\na,"no walk\nb,\nc,"no walk\nd,\n',
            "t.csv: row 2: a quote is opened and not closed.*Close or remove",
        ),
        (b"sid,GOLD,GOLD \na,1,2\n", "t.csv: two columns are called 'GOLD'. Rename"),
        (b"sid,one\na,\xff\n", "t.csv: not a table .*UTF-8"),
        (b"sid,one\na,\0\n" + b'"' + b"b" * 200_000 + b"\n", "t.csv: not a table"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, said):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(ValueError, match=said):
        read_table(tmp_path / "t.csv")


def test_a_text_of_several_lines_is_one_cell(tmp_path):
    (tmp_path / "t.csv").write_text('sid,note,x\na,"first, and\nsecond, line",1\nb,,2\n')
    assert read_table(tmp_path / "t.csv")["sid"].tolist() == ["a", "b"]
    (tmp_path / "t.csv").write_text('sid,note\na,"first\nsecond, third"\nb,\n')
    assert read_table(tmp_path / "t.csv")["sid"].tolist() == ["a", "b"], (
        "also where the text has as many commas as a row"
    )
