"""Figures and tables of a page have numbers, captions, and links to their code, commit and CSV file."""

import base64

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from drasclr_core.report.style import image_html
from drasclr_core.report.tables import csv_links, folded, titled
from drasclr_core.run import Run
from drasclr_core.workflow.captions import captioned

STAMP = "Run `r`, code `885d0441234567`. This page took 3 s."
LONG = "Dots of every method, one for each fold. " + "; ".join(
    f"method {number} has 0.{number}" for number in range(30)
)


@pytest.fixture
def run(tmp_path):
    run = Run(str(tmp_path / "r"))
    run.results.mkdir(parents=True)
    for name in ("table5.csv", "fig3_maps.csv", "sizes_copd.csv", "table5_bootstrap.csv"):
        (run.results / name).write_text("a\n1\n")
    return run


def outputs(*html):
    return [new_output("display_data", data={"text/html": str(text), "text/plain": "-"}) for text in html]


def picture(alt, **how):
    return image_html(b"<svg/>", "svg+xml", alt, **how)


def made(run, tmp_path, *cells):
    page = new_notebook(cells=[*cells, new_markdown_cell(STAMP)])
    page = captioned(page, run.notebooks / "copd" / "20_emphysema.ipynb", tmp_path / "source")
    nbformat.validate(page)
    return page, [
        BeautifulSoup(output["data"]["text/html"], "html.parser")
        for cell in page.cells
        for output in cell.get("outputs", [])
    ]


def test_figures_are_numbered_by_notebook_and_link_to_code_commit_and_file(run, tmp_path):
    one = new_code_cell(
        'write_csv(here.results / f"sizes_{cohort}.csv", x)', outputs=outputs(picture("Sizes <small>."), picture(LONG))
    )
    _, (first, second) = made(run, tmp_path, new_markdown_cell("## Sizes"), one)
    assert [part.figure["id"] for part in (first, second)] == ["figure-20-1", "figure-20-2"]
    assert (
        "Figure 20.1. Sizes <small>." in " ".join(first.figcaption.get_text(" ").split())
        and first.img["alt"] == "Sizes <small>."
    )
    assert second.figcaption.b.next_sibling.strip() == "Dots of every method, one for each fold."
    assert "method 29 has 0.29" in second.details.get_text() and second.img["alt"] == LONG
    code, commit, data = first.select(".made-by > *")
    assert code.name == "button" and (commit["href"], commit.text) == ("#provenance", "885d044")
    assert (
        data["href"] == "../_static/data/r/sizes_copd.csv"
        and (tmp_path / "source/notebooks" / data["href"]).resolve().is_file()
    )


def test_a_takeaway_is_the_caption(run, tmp_path):
    _, (figure,) = made(
        run, tmp_path, new_code_cell("", outputs=outputs(picture(LONG, caption="Dark lungs are <ill>.")))
    )
    assert figure.figcaption.b.next_sibling.strip() == "Dark lungs are <ill>."
    assert figure.details.get_text().endswith(LONG)
    assert len(figure.select("figure")) == 1 and figure.img["alt"] == LONG


def test_a_caption_that_is_the_beginning_of_a_text_says_something(run, tmp_path):
    alt = "Left: squares of -0.5 to 32 mm; " + LONG
    _, (figure,) = made(run, tmp_path, new_code_cell("", outputs=outputs(picture(alt))))
    assert figure.figcaption.b.next_sibling.strip().startswith("Left: squares of −0.5 to 32 mm; Dots of every method")


def test_a_figure_of_an_older_page_has_minus_signs(run, tmp_path):
    html = str(picture("A line.", caption="It falls by 3.")).replace("by 3", "by -3")
    _, (figure,) = made(run, tmp_path, new_code_cell("", outputs=outputs(html)))
    assert figure.figcaption.b.next_sibling.strip() == "It falls by −3."


def test_a_file_of_the_section_is_that_of_its_figures_but_not_of_others(run, tmp_path):
    maps = [new_markdown_cell("## Maps"), new_code_cell("draw()", outputs=outputs(picture("Maps.")))]
    maps.append(new_code_cell("", outputs=outputs(csv_links(run.results / "fig3_maps.csv"))))
    last = new_code_cell('read("table5_bootstrap.csv")', outputs=outputs(picture("Others.")))
    _, (first, _, others) = made(run, tmp_path, *maps, new_markdown_cell("## Next"), last)
    assert [link.text for link in first.select("a[download]")] == ["fig3_maps.csv"]
    assert not others.select("a[download]")


def test_tables_take_their_caption_from_the_text_after_them(run, tmp_path):
    frame = pd.DataFrame({"n": [11794.0]}, index=pd.Index(["a"], name="Grade"))
    shares = outputs(frame.rename_axis(columns="Shares").to_html())
    grades = [new_markdown_cell("## Grades"), new_code_cell("", outputs=outputs(frame.to_html()))]
    grades += [new_markdown_cell("Subjects per grade. Folds are *drawn* so."), new_code_cell("", outputs=shares)]
    page, (first, second) = made(run, tmp_path, *grades, new_markdown_cell("Each row is a grade. More."))
    assert first.figcaption.get_text(" ", strip=True) == "Table 20.1. Subjects per grade."
    assert page.cells[2].source == "Folds are *drawn* so." and page.cells[4].source == "Each row is a grade. More."
    assert second.figcaption.get_text(" ", strip=True) == "Table 20.2. Grades · Shares."
    link = first.select_one("a[download]")
    assert base64.b64decode(link["href"].partition(",")[2]).decode().split() == ["Grade,n", 'a,"11,794"']


def test_a_table_with_a_caption_leaves_the_text_after_it(run, tmp_path):
    shown = outputs(titled(pd.DataFrame({"n": [1]}, index=["a"]), "How many there are."))
    page, (table,) = made(
        run, tmp_path, new_code_cell("", outputs=shown), new_markdown_cell("Subjects per grade. More.")
    )
    assert table.figcaption.get_text(" ", strip=True) == "Table 20.1. How many there are."
    assert page.cells[1].source == "Subjects per grade. More."


def test_a_table_with_a_file_has_no_second_one_and_folded_tables_keep_their_summary(run, tmp_path):
    frame = pd.DataFrame({"n": [1]}, index=["a"])
    there = outputs(frame.to_html(), csv_links(run.results / "table5.csv"))
    _, (table, _, fold) = made(
        run, tmp_path, new_code_cell("", outputs=there), new_code_cell("", outputs=outputs(folded(frame, "All")))
    )
    assert not table.select("a[download]") and not fold.figcaption and fold.summary.text == "All"
