"""Pages of one notebook for two cohorts become one, with tabs."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from drasclr_core.workflow.twins import lead_to_first, together, twin_pages


def page(cohort, code="show()", extra=True):
    html = f'<figure class="numbered" id="figure-1-1"><img alt="{cohort}"></figure>'
    shown = new_output("display_data", {"text/html": html})
    given = f"::::{{dropdown}} Parameters of this page, as this run had them (1)\n{cohort}\n::::"
    cells = [
        new_markdown_cell("# Lungs\n\nWhat you will learn.", id="title"),
        new_markdown_cell(f":::::{{dropdown}} Details\nNotes.\n\n{given}\n:::::", id="page-details"),
        new_code_cell(f'cohort = "{cohort}"', id="given", metadata={"tags": ["injected-parameters", "remove-cell"]}),
        new_code_cell(code, id="a", outputs=[shown], metadata={"tags": ["hide-input"]}),
        new_code_cell("quiet()", id="b"),
        new_markdown_cell("Prose.", id="prose"),
        *([new_code_cell("exercise()", id="c")] if extra else []),
        new_markdown_cell(f"Run of {cohort}.", id="provenance-stamp"),
    ]
    return new_notebook(cells=cells)


def test_pages_with_the_same_code_are_one_page_and_the_text_stands_once():
    pages = {"notebooks/02_lungs": page("copd"), "notebooks/02_lungs-02_lungs-covid": page("covid", extra=False)}
    assert twin_pages(pages) == {"notebooks/02_lungs-02_lungs-covid": "notebooks/02_lungs"}
    first, second = pages.values()
    made = together(first, {"cohort covid": second}, "cohort <copd>")
    nbformat.validate(made)
    text = "\n".join(cell.source for cell in made.cells)
    assert text.count("Prose.") == 1 and text.count("quiet()") == 1 and "cohort &lt;copd&gt;" in text
    shown = [cell for cell in made.cells if "twin-0" in cell.metadata.get("tags", [])]
    (copy,) = (cell for cell in made.cells if "twin-1" in cell.metadata.get("tags", []))
    assert [cell.id for cell in shown] == ["a"] and copy.metadata["tags"] == ["remove-input", "twin-1"]
    assert 'id="figure-1-1-1"' in copy.outputs[0]["data"]["text/html"] and "covid" in str(copy.outputs)
    assert made.cells[0].source == "# Lungs" and 'class="twins"' in made.cells[1].source
    assert made.cells[2].source == "What you will learn."
    assert "Parameters of cohort covid" in text and "Run of copd." in text and "Cohort covid. Run of covid." in text


def test_a_page_of_an_older_notebook_stays_one_of_its_own():
    assert not twin_pages({"notebooks/02_lungs": page("copd"), "notebooks/02_lungs-covid": page("covid", "older()")})


def test_no_more_tabs_than_there_are_rules_for():
    pages = {"notebooks/06": page("copd")} | {f"notebooks/06-m{number}": page("copd") for number in range(9)}
    assert len(twin_pages(pages)) == 5


def test_links_lead_to_the_page_that_took_the_other_in():
    made = new_notebook(cells=[new_markdown_cell("[a](02_lungs-covid.ipynb), [b](03_atlas.ipynb)")])
    lead_to_first(made, {"notebooks/02_lungs-covid": "notebooks/02_lungs"})
    assert made.cells[0].source == "[a](02_lungs.ipynb), [b](03_atlas.ipynb)"
