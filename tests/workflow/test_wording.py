"""The paper's items are called so, and the book's own numbers stay."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from drasclr_core.workflow.wording import page_in_words, paper_items


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("Table 2: ours and the paper's", "Paper Table 2: ours and the paper's"),
        ("from the paper's Table 8).", "from Paper Table 8)."),
        ("The paper's Table A.6 and its Fig. 3", "Paper Table A.6 and Paper Fig. 3"),
        ("(Table 2 of the paper)", "(Paper Table 2)"),
        ("how our Table 5 relates", "how our Paper Table 5 relates"),
        ("Tables 6 to 9, Figures 3 and 4", "Paper Tables 6 to 9, Paper Figs. 3 and 4"),
        ("Table 20.1 and Figure 3.2 are ours", "Table 20.1 and Figure 3.2 are ours"),
        ("Paper Table 2, Table of contents, table 3", "Paper Table 2, Table of contents, table 3"),
    ],
)
def test_names(text, called):
    assert paper_items(text) == called == paper_items(called)


def test_pages_but_not_their_data():
    html = '<img src="data:x,Table 2" alt="Table 2">'
    outputs = [new_output("display_data", data={"text/html": html, "text/markdown": "Fig. 4"})]
    page = new_notebook(cells=[new_markdown_cell("Table 3"), new_code_cell("Table 4", outputs=outputs)])
    page = page_in_words(page)
    assert page.cells[0].source == "Paper Table 3" and page.cells[1].source == "Table 4"
    data = page.cells[1].outputs[0]["data"]
    assert data == {"text/html": '<img src="data:x,Table 2" alt="Paper Table 2">', "text/markdown": "Paper Fig. 4"}
