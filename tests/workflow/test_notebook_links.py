"""Where a text says notebook 20, its number is a link."""

import re

import nbformat
import pytest

from drasclr_core.run import project_root
from drasclr_core.workflow.notebook_links import _KEPT, with_links

NOTEBOOKS = sorted((project_root(__file__) / "notebooks").glob("[0-9]*.ipynb"))
KNOWN = {"06": "06_pretrain", "20": "20_emphysema", "30": "30_conditioning", "33": "33_atlas"}


def linked(text):
    return with_links(text, lambda number: f"[{number}]({KNOWN[number]})" if number in KNOWN else number)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See notebook 20.", "See notebook [20](20_emphysema)."),
        ("Notebook 06's log", "Notebook [06](06_pretrain)'s log"),
        ("notebooks 06, 20 and 30", "notebooks [06](06_pretrain), [20](20_emphysema) and [30](30_conditioning)"),
        ("notebooks 30 to 33", "notebooks [30](30_conditioning) to [33](33_atlas)"),
        ("notebook 99", "notebook 99"),
        ("| a | notebook 20 |", "| a | notebook [20](20_emphysema) |"),
    ],
)
def test_numbers_become_links(text, expected):
    assert linked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "`notebook 20`",
        "```python\n# notebook 20\n```",
        "[notebook 20](20_emphysema.ipynb)",
        "## From notebook 20",
        "```{figure} a.svg\n:alt: Of notebook 20\n```",
        '<img alt="of notebook 20">',
        "a notebook 2020, notebook 20.5, notebook 20 %",
    ],
)
def test_code_headings_options_and_links_stay(text):
    assert linked(text) == text


def test_boxes_are_text():
    for box in (":::{note}\nnotebook 20\n:::", "```{exercise}\n:label: a\n\nnotebook 20\n```"):
        assert "notebook [20](20_emphysema)" in linked(box)
    nested = "````{solution} a\nnotebook 20\n```python\n# notebook 20\n```\n````"
    assert linked(nested).count("[20]") == 1


def test_after_code_the_text_goes_on():
    assert linked("```\nnotebook 20\n```\nnotebook 20").endswith("\nnotebook [20](20_emphysema)")


def test_text_below_a_heading_is_linked():
    assert linked("## Title\n\nnotebook 20").endswith("notebook [20](20_emphysema)")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_mention_in_a_notebook_s_text_becomes_a_link(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            left = _KEPT.sub("", with_links(cell.source, lambda number: f"[{number}](page)"))
            assert not re.search(r"[Nn]otebooks?\s+\[?\d\d", left), left


def test_links_of_chapters_hold_where_a_stage_was_not_run():
    """Its page is then Markdown: a link that ends in .ipynb breaks the book of such a run."""
    texts = {path.name: path.read_text() for path in (project_root(__file__) / "book").rglob("*.md")}
    assert not {
        name: found for name, text in texts.items() if (found := re.findall(r"\]\([^)\s]+\.ipynb[^)]*\)", text))
    }


def test_what_code_shows_names_notebooks_and_does_not_link_them():
    """The builder resolves no link in an output; *notebook 14* becomes one."""
    root = project_root(__file__)
    texts = {
        str(path.relative_to(root)): path.read_text()
        for path in sorted((root / "drasclr_core").rglob("*.py"))
        if "workflow" not in path.parts
    }
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        texts[path.name] = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    found = {name: links for name, text in texts.items() if (links := re.findall(r"\]\([^)\s]*\.ipynb", text))}
    assert not found
