"""Pages of a book link to each other, in their text and in what their code wrote."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from drasclr_core.workflow.book_pages import book_page, first_label, page_names
from drasclr_core.workflow.stages import read_notebooks


def test_links_lead_to_pages_from_text_and_from_output(tmp_path):
    link = "See [14](14_what_it_knows.ipynb), notebook 20 and [02](02_lungs.ipynb)."
    written = new_output("display_data", {"text/markdown": link})
    for cohort, stage in (("copd", "01_cohort"), ("copd", "02_lungs"), ("covid", "01_cohort"), ("covid", "02_lungs")):
        (tmp_path / cohort).mkdir(exist_ok=True)
        cells = [new_markdown_cell("# A page"), new_markdown_cell(link), new_code_cell("", outputs=[written])]
        nbformat.write(new_notebook(cells=cells), tmp_path / cohort / f"{stage}.ipynb")
    pages = page_names(sorted(tmp_path.glob("*/*.ipynb")), "copd")
    _, text, code = book_page("notebooks/01_cohort", pages).cells
    assert "[14](14_what_it_knows.md)" in text.source and "[02](02_lungs.ipynb)" in text.source
    said = code.outputs[0]["data"]["text/markdown"]
    assert said.startswith('See [14](14_what_it_knows.html), notebook <a href="20_emphysema.html">20</a>'), "no builder"
    assert "[02](02_lungs.html)" in said
    other = book_page("notebooks/01_cohort-covid", pages).cells[2].outputs[0]["data"]["text/markdown"]
    assert "[02](02_lungs-covid.html)" in other, "the page of the same cohort"


def test_the_first_tab_names_its_method_where_another_tab_has_another_of_its_cohort():
    known, path = read_notebooks(), Path("copd/21_dense_maps.ipynb")
    assert first_label(path, ["cohort copd, Models Genesis, fine-tuned"], known) == "cohort copd, DrasCLR, fine-tuned"
    assert first_label(path, ["cohort covid"], known) == "cohort copd"
    assert first_label(Path("copd/04_registration.ipynb"), ["cohort copd, another"], known) == "cohort copd"
