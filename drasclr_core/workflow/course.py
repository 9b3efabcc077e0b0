"""What a teacher takes along: student notebooks, answer key, slides and handout from the chapters, and data.

``python -m drasclr_core.workflow.course`` writes the folder ``course/``.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import nbformat
from markupsafe import Markup
from nbformat import NotebookNode

from drasclr_core.files import atomic, write_json
from drasclr_core.report import render
from drasclr_core.run import project_root
from drasclr_core.workflow.chapters import cache_folder, chapter_files, executed_chapters
from drasclr_core.workflow.course_data import write_data
from drasclr_core.workflow.handout import handout, print_pdf
from drasclr_core.workflow.small_html import equations_of, html_of, pictures_of, text_of
from drasclr_core.workflow.student import answers, student_notebook

MARK = ".course.json"
"""Marks a folder as made by this command, so that no other folder is ever replaced."""
HEAD = (
    "# Answers\n\nFor teachers. Students' notebooks check answers themselves and give hints; they hold none of these.\n"
)


def check_folder(folder: Path) -> None:
    """Raises ValueError where a folder to be replaced holds files that this command has not made."""
    if folder.exists() and not (folder / MARK).exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ValueError(f"{folder.name}: there are other files, which the course would replace. Give a new or empty "
                         "folder, or move them away.")  # fmt: skip


def write_course(folder: Path, chapters: dict[str, NotebookNode]) -> None:
    """Writes all that comes from the chapters into a folder.

    Parameters
    ----------
    folder : Path
        ``notebooks/NN_name.ipynb``, ``slides/NN_name.html``, ``handout.html`` and ``answers.md`` come here.
    chapters : dict of str to NotebookNode
        Executed chapters by name.
    """
    for part in ("notebooks", "slides"):
        (folder / part).mkdir(parents=True)
    for name, chapter in chapters.items():
        nbformat.write(student_notebook(chapter), folder / "notebooks" / f"{name}.ipynb")
        (folder / "slides" / f"{name}.html").write_text(slides(chapter), encoding="utf-8")
    (folder / "handout.html").write_text(handout(list(chapters.values())), encoding="utf-8")
    (folder / "answers.md").write_text("\n".join([HEAD, *map(answers, chapters.values())]), encoding="utf-8")


def slides(chapter: NotebookNode) -> str:
    """Returns one HTML file of a chapter: title and goals, equations, picture, exercises, three lines."""
    text = text_of(chapter)
    title, lead, goals = re.search(r"^# (.+)\n\n(.+?)\n\n:::\{admonition\} (.*?)\n:::", text, re.DOTALL | re.M).groups()
    goals = goals.replace("\n:class: tip", "\n", 1)
    exercises = re.findall(r"```\{exercise\} .*?\n```", text, re.DOTALL)
    lines = text.partition("## In three lines")[2]
    pages = [f"<h1>{html_of(title, inline=True)}</h1>{html_of(lead)}{html_of(goals)}"]
    pages += [f'<h2>{html_of(section, inline=True)}</h2><div class="equation">{one}</div>'
              for section, one in equations_of(chapter)]  # fmt: skip
    pages += [f"<figure>{picture}</figure>" for picture in pictures_of(chapter)]
    pages += [html_of(exercise) for exercise in exercises]
    pages += [f"<h2>In three lines</h2>{html_of(lines)}"]
    return render("slides.html", title=title, pages=[Markup(page) for page in pages])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=project_root() / "course")
    arguments = parser.parse_args()
    output = arguments.output.resolve()  # "." has no name
    files = chapter_files(project_root() / "book" / "course")
    try:
        check_folder(output)
        executed = executed_chapters(files, cache_folder(output.parent / ".course"))
        with atomic(output) as made:  # the course that was here before goes
            write_course(made, {path.stem: one for path, one in zip(files, executed, strict=True)})
            no_pdf = print_pdf(made / "handout.html", made / "handout.pdf")
            write_data(made / "data")
            write_json(made / MARK, {"holds": "the course"})
    except (RuntimeError, ValueError, OSError) as error:
        sys.exit(str(error))
    took = sum(chapter.metadata.course.cpu_seconds for chapter in executed)
    print(f"The course: {output.name}/ ({len(files)} chapters, which took {took:.0f} processor seconds)")
    if no_pdf:
        print(f"handout.pdf is missing: {no_pdf}.")


if __name__ == "__main__":
    main()
