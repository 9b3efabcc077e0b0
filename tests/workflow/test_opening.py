"""A page opens with its answer or its lead; the rest is folded below, and code stays in the order in which it runs."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from drasclr_core.run import project_root
from drasclr_core.workflow.opening import opened

BOX = """:::{admonition} This page
:class: note

**What you will learn.** How much of it there is.

**Inputs.** Files.
:::"""


def page_of(*cells):
    table = new_markdown_cell("::::{dropdown} Parameters\n:::{div} parameters\n:::\n::::", id="parameters-table")
    begin = [new_markdown_cell(f"# Title\n\n{BOX}"), table, new_code_cell("run = 1"), new_code_cell("import numpy")]
    return new_notebook(cells=[*begin, *cells])


def sources(page, kind="markdown"):
    return [cell.source for cell in page.cells if cell.cell_type == kind]


@pytest.mark.parametrize("split", [False, True])
def test_the_answer_comes_first(split):
    after = ["What dots are.\n\n## Next\n\nMore."] if split else ["What dots are.", "## Next\n\nMore."]
    answer = [new_markdown_cell("## The answer first\n\nIs it much?"), new_code_cell("show()")]
    page = opened(page_of(*answer, *map(new_markdown_cell, after), new_code_cell("last()")))
    nbformat.validate(page)
    texts = sources(page)
    assert texts[:3] == ["# Title", "Is it much?", "What dots are."]
    assert texts[3].startswith(":::::{dropdown} Details") and "How much of it there is." in texts[3]
    assert "**Inputs.** Files." in texts[3] and "::::{dropdown} Parameters" in texts[3]
    assert texts[4:] == ["## Next\n\nMore."]
    assert sources(page, "code") == ["run = 1", "import numpy", "show()", "last()"]
    assert [cell.source for cell in page.cells[2:5]] == ["import numpy", "show()", "Is it much?"]


def test_an_answer_without_words_leaves_no_empty_cell():
    page = opened(
        page_of(new_markdown_cell("## The answer first"), new_code_cell("show()"), new_markdown_cell("## Next"))
    )
    nbformat.validate(page)
    assert "" not in sources(page) and sources(page)[-1] == "## Next"


def test_other_pages_open_with_what_they_teach():
    page = opened(page_of(new_markdown_cell("## First"), new_code_cell("show()")))
    texts = sources(page)
    assert texts[0] == "# Title\n\nHow much of it there is." and texts[1].startswith(":::::{dropdown} Details")
    assert "What you will learn" not in texts[1] and "**Inputs.** Files." in texts[1] and texts[2] == "## First"


def test_a_page_without_the_box_is_left_alone():
    page = new_notebook(cells=[new_markdown_cell("# Title\n\nText."), new_markdown_cell("## The answer first")])
    assert sources(opened(page)) == ["# Title\n\nText.", "## The answer first"]


@pytest.mark.parametrize("path", sorted((project_root() / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_notebook_of_the_project_opens_so(path):
    before = nbformat.read(path, as_version=4)
    code = sources(before, "code")
    answers = any(text.startswith("## The answer first") for text in sources(before))
    page = opened(before)
    nbformat.validate(page)
    assert sources(page, "code") == code and not any("{admonition} This page" in text for text in sources(page))
    details = next(number for number, cell in enumerate(page.cells) if cell.get("id") == "page-details")
    shown = [cell for cell in page.cells[:details] if cell.cell_type == "code"]
    assert (len(shown) >= 3) == answers, "set-up and figure come before the details of a page with an answer"
    assert len({cell.id for cell in page.cells}) == len(page.cells)
