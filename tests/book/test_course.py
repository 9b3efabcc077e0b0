"""Every chapter of the course has what a chapter has, and every exercise its place."""

import re
from pathlib import Path

import pytest
import yaml

from drasclr_core.teach.exercises import EXERCISES
from drasclr_core.workflow.chapters import chapter_files, read_chapter

BOOK = Path(__file__).parents[2] / "book"
CHAPTERS = chapter_files(BOOK / "course")
WIDTH = 80


def code(path, *without):
    cells = [cell for cell in read_chapter(path).cells if cell.cell_type == "code"]
    return [cell.source for cell in cells if not set(without) & set(cell.metadata.get("tags", []))]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_has_its_parts(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("# ") and re.search(rf"^# {int(path.stem[:2])}\. ", text, re.MULTILINE)
    goals = re.search(r":::\{admonition\} After this chapter you can\n:class: tip\n((?:- .*\n)+):::", text)
    assert 3 <= len(goals[1].splitlines()) <= 4
    assert re.search(r"^About \d+ minutes\. You need ", text, re.MULTILINE)
    assert re.search(r"^\$\$ .* \$\$$", text, re.MULTILINE | re.DOTALL), "an equation"
    assert 'show_core("' in text and "show(fig, " in text
    assert re.search(r"## In three lines\n\n1\. .*\n2\. .*\n3\. .*\n$", text)
    numbers = [line.split("[")[0] for line in (BOOK / "course" / "plan.md").read_text().splitlines() if path.stem in line]
    assert numbers == [f"| {int(path.stem[:2])} | "], "a line of the plan"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_plan_names_the_chapters_that_a_chapter_needs(path):
    line = next(line for line in (BOOK / "course" / "plan.md").read_text().splitlines() if f"({path.stem})" in line)
    needs = re.search(r"^About \d+ minutes\. You need (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)[1]
    chapters = re.match(r"chapters? ([\d, and]+)", needs)
    assert re.findall(r"\d+", line.split("|")[4]) == (re.findall(r"\d+", chapters[1]) if chapters else [])


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_exercise_has_a_place_for_the_answer_and_a_hidden_solution(path):
    text = path.read_text(encoding="utf-8")
    labels = re.findall(r"\{exercise\}.*\n:label: course-(\S+)", text)
    assert len(labels) >= 2
    assert labels == re.findall(r"\{solution\} course-(\S+)\n:class: dropdown\n<!-- solution: \1 -->\n\n\S", text)
    assert labels == re.findall(r":tags: \[answer\]\n(?:(?!```).*\n)*check\(\"(\S+)\", \w+\)\n```", text)
    assert all(label.startswith(f"{int(path.stem[:2])}-") for label in labels)


def test_every_exercise_is_in_a_chapter():
    text = "".join(path.read_text(encoding="utf-8") for path in CHAPTERS)
    assert set(re.findall(r'^check\("(\S+)",', text, re.MULTILINE)) == set(EXERCISES)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_code_that_is_shown_fits_the_page(path):
    lines = [line for source in code(path, "hide-input", "remove-input") for line in source.splitlines()]
    assert max(map(len, lines)) <= WIDTH, max(lines, key=len)


def test_the_course_comes_after_the_start_with_all_its_chapters():
    parts = yaml.safe_load((BOOK / "_toc.yml").read_text())["parts"]
    assert parts[1]["caption"] == "The course"
    assert [one["file"] for one in parts[1]["chapters"]] == ["course/plan", *(f"course/{p.stem}" for p in CHAPTERS)]


def test_executed_chapters_are_in_the_book(built_book):
    """The outputs of the built book: answers are judged, pictures are there, the core's code is shown."""
    for path in CHAPTERS:
        html = (built_book / "course" / f"{path.stem}.html").read_text(encoding="utf-8")
        assert html.count('class="verdict"') >= 2 and "Still empty" in html, path.stem
        assert 'src="data:image/' in html and "drasclr_core/" in html and "Traceback" not in html, path.stem
