"""What a teacher takes along: student notebooks, an answer key and slides, all from the chapters of the book.

``python -m drasclr_core.workflow.course`` writes the folder ``course/``.
"""

from __future__ import annotations

import argparse
import base64
import io
import re
import sys
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from markupsafe import Markup
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import math_to_image
from nbformat import NotebookNode

from drasclr_core.files import atomic
from drasclr_core.report import render
from drasclr_core.run import project_root
from drasclr_core.workflow.chapters import cache_folder, chapter_files, executed_chapters
from drasclr_core.workflow.student import answers, plain_markdown, student_notebook

FORMULA = re.compile(r"\$([^$\n]+)\$")
POINTS = 12
HEAD = (
    "# Answers\n\nFor teachers. Students' notebooks check answers themselves and give hints; they hold none of these.\n"
)


def write_course(folder: Path, chapters: dict[str, NotebookNode]) -> None:
    """Writes notebooks, slides and answers into a folder, whole or not at all.

    Parameters
    ----------
    folder : Path
        ``notebooks/NN_name.ipynb``, ``slides/NN_name.html`` and ``answers.md`` come here; what was here before goes.
    chapters : dict of str to NotebookNode
        Executed chapters by name.
    """
    with atomic(folder) as made:
        for part in ("notebooks", "slides"):
            (made / part).mkdir(parents=True)
        for name, chapter in chapters.items():
            nbformat.write(student_notebook(chapter), made / "notebooks" / f"{name}.ipynb")
            (made / "slides" / f"{name}.html").write_text(slides(chapter), encoding="utf-8")
        (made / "answers.md").write_text("\n".join([HEAD, *map(answers, chapters.values())]), encoding="utf-8")


def slides(chapter: NotebookNode) -> str:
    """Returns one HTML file of a chapter: its title and goals, its picture, its exercises, its three lines."""
    text = "\n\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")
    title, lead, goals = re.search(r"^# (.+)\n\n(.+?)\n\n:::\{admonition\} (.*?)\n:::", text, re.DOTALL | re.M).groups()
    goals = goals.replace("\n:class: tip", "\n", 1)
    exercises = re.findall(r"```\{exercise\} .*?\n```", text, re.DOTALL)
    lines = text.partition("## In three lines")[2]
    pictures = [output["data"]["text/html"] for cell in chapter.cells for output in cell.get("outputs", [])
                if "<img" in "".join(output.get("data", {}).get("text/html", ""))]  # fmt: skip
    pages = [f"<h1>{_html(title, inline=True)}</h1>{_html(lead)}{_html(goals)}"]
    pages += [f"<figure>{''.join(picture)}</figure>" for picture in pictures]
    pages += [_html(exercise) for exercise in exercises]
    pages += [f"<h2>In three lines</h2>{_html(lines)}"]
    return render("slides.html", title=title, pages=[Markup(page) for page in pages])


def _html(text: str, inline: bool = False) -> str:
    """HTML of a piece of a chapter, with its small formulas as HTML too: slides need no network."""
    reader, text = MarkdownIt(), FORMULA.sub(lambda found: _formula(found[1]), plain_markdown(text))
    return reader.renderInline(text) if inline else reader.render(text)


def _formula(tex: str) -> str:
    """A formula as a picture that stands on the line of its words."""
    picture = io.BytesIO()
    depth = math_to_image(f"${tex}$", picture, format="svg", prop=FontProperties(size=POINTS))
    width = float(re.search(rb'<svg [^>]*?width="([\d.]+)pt"', picture.getvalue())[1])
    data = base64.b64encode(picture.getvalue()).decode()
    style = f"width: {width / POINTS:.2f}em; vertical-align: {-depth / POINTS:.2f}em"
    return str(Markup('<img alt="{}" style="{}" src="data:image/svg+xml;base64,{}">').format(tex, style, data))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=project_root() / "course")
    arguments = parser.parse_args()
    files = chapter_files(project_root() / "book" / "course")
    cache = cache_folder(arguments.output.parent / ".course")
    try:
        executed = executed_chapters(files, cache)
        write_course(arguments.output, {path.stem: one for path, one in zip(files, executed, strict=True)})
    except (RuntimeError, ValueError, OSError) as error:
        sys.exit(str(error))
    took = sum(chapter.metadata.course.cpu_seconds for chapter in executed)
    print(f"The course: {arguments.output.name}/ ({len(files)} chapters, which took {took:.0f} processor seconds)")


if __name__ == "__main__":
    main()
