"""What notebooks say and draw is the same on all pages."""

import re

import nbformat
import pytest

from drasclr_core.run import project_root
from drasclr_core.workflow.opening import ANSWER
from drasclr_core.workflow.wording import paper_items

NOTEBOOKS = sorted((project_root(__file__) / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def test_the_papers_items_have_their_names(path):
    text = "\n".join(cells(path, "markdown") + cells(path, "code"))
    assert [line for line in text.splitlines() if paper_items(line) != line] == []


def test_the_answer_has_a_sentence(path):
    code = nbformat.read(path, as_version=4).cells
    start = next((number for number, cell in enumerate(code) if cell.source.startswith(ANSWER)), None)
    if start is not None:
        after = "\n".join(cell.source for cell in code[start + 1 : start + 4])
        assert "Markdown(" in after, "the answer is in words, above its figure"


def test_maps_are_seen_as_on_a_radiologists_screen(path):
    for source in cells(path, "code"):
        assert not re.search(r"left [–-] right", source), "the subject's right is on the left"


def test_no_caption_of_what_is_not_drawn(path):
    """A legend that begins in this way describes a picture that some run may not have: it belongs to the picture."""
    for source in cells(path, "markdown"):
        assert not re.match(r"(In|On) the (picture|figure)\b", source)
