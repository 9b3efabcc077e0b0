"""What students and teachers get of a chapter: a notebook without solutions, and the answers by themselves."""

from __future__ import annotations

import re

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

EXERCISE = re.compile(r"```\{exercise\} (?P<title>[^\n]*)\n:label: course-(?P<id>\S+)\n\n(?P<text>.*?)\n```", re.DOTALL)
SOLUTION = re.compile(r":::\{solution\} course-(?P<id>\S+)\n:class: dropdown\n(?P<text>.*?)\n:::", re.DOTALL)
BOX = re.compile(r":::\{admonition\} (?P<title>[^\n]*)\n(?::class: [^\n]*\n)?(?P<text>.*?)\n:::", re.DOTALL)
ROLE = re.compile(r"\{\w+(?::\w+)?\}`(?P<shown>[^`<]+?)(?: <[^`>]+>)?`")
WIDGET = re.compile(r"^show_widget\(", re.MULTILINE)
LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<target>(?!https?:)[^)]+)\)")

WHERE = "*To drag this, open the page* {} *of the book. Here it is told in words only.*"
"""What students read before a widget, with the title of its page."""


def student_notebook(chapter: NotebookNode) -> NotebookNode:
    """Returns a chapter without outputs and solutions, in Markdown that any notebook program shows.

    Cells whose input the book hides keep their code, which draws the pictures. Before each that makes a widget stands
    the page of the book where it can be dragged.
    """
    notebook = nbformat.from_dict(chapter)
    cells, page = [], notebook.cells[0].source.partition("\n")[0].removeprefix("# ")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = plain_markdown(SOLUTION.sub("", cell.source)).strip()
            if text:
                cells.append(new_markdown_cell(text, id=cell.id))
        else:
            if WIDGET.search(cell.source):
                cells.append(new_markdown_cell(WHERE.format(page), id=f"{cell.id}-where"))
            kept = {"tags": cell.metadata["tags"]} if "tags" in cell.metadata else {}
            cells.append(new_code_cell(cell.source, metadata=kept, id=cell.id))
    notebook.cells = cells
    notebook.metadata.pop("course", None)
    return notebook


def answers(chapter: NotebookNode) -> str:
    """Returns the solutions of a chapter under its title, each with its exercise, as Markdown."""
    text = "\n\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")
    exercises = {found["id"]: found for found in EXERCISE.finditer(text)}
    parts = [text.splitlines()[0].replace("# ", "## ", 1)]
    for found in SOLUTION.finditer(text):
        exercise = exercises[found["id"]]
        parts += [f"### {found['id']}: {exercise['title']}", plain_markdown(exercise["text"]),
                  f"**Answer.**\n\n{plain_markdown(found['text'].strip())}"]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def plain_markdown(text: str) -> str:
    """Returns the text without MyST: exercises are headings, boxes quotes, roles and inner links their words."""
    text = EXERCISE.sub(lambda found: f"### Exercise: {found['title']}\n\n{found['text']}", text)
    text = BOX.sub(lambda found: _quote(f"**{found['title']}**\n\n{found['text']}"), text)
    text = ROLE.sub(lambda found: found["shown"], text)
    return LINK.sub(lambda found: found["text"], text)


def _quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
