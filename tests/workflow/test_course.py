"""Student notebooks, answers and slides come from the chapters, and students get no solution."""

import os
import re
import shutil
import sys

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_output

from drasclr_core.cohort.phantom import load_truth
from drasclr_core.imaging import load_volume
from drasclr_core.methods import load_encoder
from drasclr_core.run import project_root
from drasclr_core.teach.exercises import EXERCISES
from drasclr_core.workflow.chapters import chapter_files, code_of, content_of, read_chapter
from drasclr_core.workflow.course import main, slides, write_course
from drasclr_core.workflow.course_data import write_data
from drasclr_core.workflow.handout import BROWSERS, print_pdf
from drasclr_core.workflow.small_html import equations_of, text_of
from drasclr_core.workflow.student import plain_markdown, student_notebook

ROOT = project_root(__file__)
CHAPTERS = {path.stem: read_chapter(path) for path in chapter_files(ROOT / "book" / "course")}
PICTURE = '<img src="data:image/svg+xml;base64,AAAA" alt="A picture.">'


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course of chapters whose first code cell has a picture as its output."""
    chapters = {name: nbformat.from_dict(chapter) for name, chapter in CHAPTERS.items()}
    for chapter in chapters.values():
        cell = next(cell for cell in chapter.cells if cell.cell_type == "code")
        cell.outputs = [new_output("display_data", {"text/html": PICTURE})]
    folder = tmp_path_factory.mktemp("made")
    write_course(folder, chapters)
    return folder


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_student_gets_all_questions_no_answers_and_no_markup(course, name):
    notebook = nbformat.read(course / "notebooks" / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    text = "\n".join(cell.source for cell in notebook.cells)
    exercises = re.findall(r'^check\("(\S+)",', text, re.MULTILINE)
    assert len(exercises) == text.count("### Exercise: ") >= 2
    assert all(not cell.get("outputs") for cell in notebook.cells)
    assert not re.search(r"\{(exercise|solution|term|admonition|cite)|:::|<!--|\]\((?!http)", text)
    for one in exercises:
        right = EXERCISES[one].right
        if callable(right):
            assert f"def {right.__name__}(" in text, "the name that the exercise asks for is that of the solution"
        elif not isinstance(right, str):
            assert f"**{right:.4g}**" not in text


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_student_is_told_on_which_page_each_widget_can_be_dragged(course, name):
    cells = nbformat.read(course / "notebooks" / f"{name}.ipynb", as_version=4).cells
    title = cells[0].source.partition("\n")[0].removeprefix("# ")
    before = [cells[number - 1].source for number, cell in enumerate(cells) if "\nshow_widget(" in f"\n{cell.source}"]
    assert all(text.startswith(f"*To drag this, open the page* {title} *of the book.") for text in before)
    assert len(before) == sum(cell.source.count("*To drag this") for cell in cells)


def test_some_chapters_have_widgets():
    assert sum("show_widget(" in cell.source for chapter in CHAPTERS.values() for cell in chapter.cells) >= 6


def test_the_teacher_gets_every_answer_once(course):
    text = (course / "answers.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^### (\d+-\w+): ", text, re.MULTILINE)) == sorted(EXERCISES)
    assert text.count("**Answer.**") == len(EXERCISES) and "return same_place & other_subject" in text


@pytest.mark.parametrize("name", CHAPTERS)
def test_slides_have_goals_picture_exercises_and_three_lines_and_need_no_network(course, name):
    html = (course / "slides" / f"{name}.html").read_text(encoding="utf-8")
    assert html.count("<section>") >= 5 and PICTURE in html and "In three lines" in html
    words = re.sub(r'alt="[^"]*"', "", html)  # of formulas, which are pictures, it is their TeX
    assert "http" not in re.sub('xmlns="[^"]*"', "", html), (
        "the name of MathML is the one address, and none to be fetched"
    )
    assert "$" not in words and "\\" not in words and ":::" not in html


@pytest.mark.parametrize("name", CHAPTERS)
def test_slides_have_every_displayed_equation_with_the_title_of_its_section(course, name):
    html, source = ((course / "slides" / f"{name}.html"), text_of(CHAPTERS[name]))
    found = re.findall(
        r'<section><h2>([^\n]*)</h2><div class="equation">(.*?)</div>', html.read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(found) == source.count("\n$$ ") >= 1 and all("<math" in one for _, one in found)
    assert all(f"\n## {title.replace('&amp;', '&')}\n" in source for title, _ in found)


def test_an_equation_is_mathml_below_the_title_of_its_section():
    one = {"cell_type": "markdown", "source": "## Two\n\n$$ y = \\begin{cases} a & b \\\\ c & d \\end{cases} $$"}
    ((title, html),) = equations_of(nbformat.from_dict({"cells": [one]}))
    assert title == "Two" and html.startswith("<math") and html.count("<mtr>") == 2


def test_the_handout_has_every_chapter_with_its_picture_and_its_lines(course):
    html = (course / "handout.html").read_text(encoding="utf-8")
    assert html.count("<section>") == len(CHAPTERS) + 1 and html.count(PICTURE) == len(CHAPTERS)
    assert html.count("<ol>") == len(CHAPTERS) and html.count("<main>") == 2
    words = re.sub(r'alt="[^"]*"', "", html)
    assert "http" not in words and "$" not in words and ":::" not in words and "<h2>14. " in html


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Runs the command with one chapter and without data, for a folder; returns the folder."""
    chapter = nbformat.from_dict(next(iter(CHAPTERS.values())))
    chapter.metadata["course"] = {"cpu_seconds": 1.0}
    one, cell = chapter_files(ROOT / "book" / "course")[:1], next(c for c in chapter.cells if c.cell_type == "code")
    cell.outputs = [new_output("display_data", {"text/html": PICTURE})]
    for name, stub in {"chapter_files": lambda folder: one, "executed_chapters": lambda *_: [chapter],
                       "print_pdf": lambda *_: "", "write_data": lambda folder: None}.items():  # fmt: skip
        monkeypatch.setattr(f"drasclr_core.workflow.course.{name}", stub)

    def run(name):
        monkeypatch.setattr(sys, "argv", ["course", "--output", str(tmp_path / name)])
        main()
        return tmp_path / name

    return run


def test_a_course_replaces_a_course_and_an_empty_folder(command, tmp_path):
    (tmp_path / "made").mkdir()
    (command("made") / "old.txt").touch()
    assert (command("made") / "answers.md").exists() and not (tmp_path / "made" / "old.txt").exists()


@pytest.mark.parametrize("name", ["thesis", "thesis/scans/.."])
def test_a_folder_of_other_files_is_never_replaced(command, tmp_path, name):
    (tmp_path / "thesis" / "scans").mkdir(parents=True)
    (tmp_path / "thesis" / "chapter.tex").write_text("mine")
    with pytest.raises(SystemExit, match=r"thesis: there are other files.*Give a new or empty folder"):
        command(name)
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "mine"


def test_a_page_becomes_a_pdf_where_there_is_a_browser(tmp_path, monkeypatch):
    page, pdf = tmp_path / "page.html", tmp_path / "page.pdf"
    page.write_text("<title>t</title><p>One<p style='break-before: page'>Two")
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "chromium"))
    assert "chromium did not print it (FileNotFoundError): open page.html" in print_pdf(page, pdf)
    monkeypatch.delenv("CHROMIUM")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert print_pdf(page, pdf).startswith("no Chromium or Chrome is installed: install one")
    monkeypatch.undo()
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("no Chromium or Chrome found")
    assert print_pdf(page, pdf) == "" and len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) == 2


def test_the_data_are_three_phantoms_and_an_encoder_in_a_small_pack(tmp_path):
    write_data(tmp_path, steps=2)
    table = pd.read_csv(tmp_path / "phantoms.csv")
    ill = table[["centrilobular", "paraseptal", "panlobular"]].sum(axis=1)
    assert len(table) == 3 and ill.is_monotonic_increasing and ill[0] < 1 < 10 < ill[2]
    for sid, laa in zip(table["sid"], table["laa950"], strict=True):
        volume = load_volume(tmp_path / "phantoms" / f"{sid}.nii.gz", 4.0)
        lungs = load_truth(tmp_path / "phantoms" / f"{sid}_truth.nii.gz")["lungs"] > 0
        assert lungs.shape == volume.array.shape and abs(100 * (volume.array[lungs] < -950).mean() - laa) < 3
    assert load_encoder(tmp_path / "encoder").description["patch_size"] == 8
    assert sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file()) < 40 * 2**20


def test_markup_of_the_book_becomes_plain():
    text = ":::{admonition} Goals\n:class: tip\n- a {term}`view <views>`\n:::\n\n[Page](../x/y) [out](https://a.b)"
    assert plain_markdown(text) == "> **Goals**\n>\n> - a view\n\nPage [out](https://a.b)"


def test_a_chapter_is_another_one_when_its_text_its_solution_or_its_code_changes():
    chapter = next(iter(CHAPTERS.values()))
    changed = student_notebook(chapter)
    assert content_of(chapter) == content_of(nbformat.from_dict(chapter)) != content_of(changed)
    assert content_of(chapter, "other code") != content_of(chapter)


@pytest.mark.parametrize("name", ["teach/capstone/training.py", "teach/exercises/views.py", "model/losses.py"])
def test_a_chapter_is_another_one_when_code_that_it_runs_changes(tmp_path, name):
    core = tmp_path / "core"
    for room in ("teach", "model", "workflow"):
        shutil.copytree(ROOT / "drasclr_core" / room, core / room, ignore=shutil.ignore_patterns("__pycache__"))
    before = code_of(core)
    with (core / "workflow" / "book.py").open("a") as file:
        file.write("# no chapter runs this\n")
    assert code_of(core) == before
    with (core / name).open("a") as file:
        file.write("# changed\n")
    assert code_of(core) != before


def test_slides_of_a_chapter_without_a_picture_are_slides():
    assert "<figure>" not in slides(next(iter(CHAPTERS.values())))


def test_binder_has_the_locked_environment_and_makes_the_notebooks():
    binder = ROOT / "binder"
    index, line = (binder / "requirements.txt").read_text().splitlines()
    assert index.endswith("/whl/cpu"), "two cores need no build for GPUs, which is gigabytes larger"
    assert (binder / line.removeprefix("-r ")).resolve() == ROOT / "requirements.lock"
    assert os.access(binder / "postBuild", os.X_OK)
    assert "drasclr_core.workflow.course" in (binder / "postBuild").read_text()
