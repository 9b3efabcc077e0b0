"""Pieces of a chapter as HTML that needs no network: words, lists, small formulas as pictures."""

from __future__ import annotations

import base64
import io
import re

from docutils.utils.math.latex2mathml import tex2mathml
from markdown_it import MarkdownIt
from markupsafe import Markup
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import math_to_image
from nbformat import NotebookNode

from drasclr_core.workflow.student import plain_markdown

FORMULA = re.compile(r"\$([^$\n]+)\$")
EQUATION = re.compile(r"^## (?P<section>[^\n]+)$|^\$\$ (?P<tex>.+?) \$\$$", re.DOTALL | re.MULTILINE)
POINTS = 12


def text_of(chapter: NotebookNode) -> str:
    """Returns the words of a chapter, as MyST."""
    return "\n\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")


def pictures_of(chapter: NotebookNode) -> list[Markup]:
    """Returns the pictures of an executed chapter, each as HTML."""
    shown = (
        output.get("data", {}).get("text/html", "") for cell in chapter.cells for output in cell.get("outputs", [])
    )
    return [Markup("".join(html)) for html in shown if "<img" in "".join(html)]


def html_of(text: str, inline: bool = False) -> Markup:
    """Returns the HTML of a piece of a chapter; `inline` without a paragraph round it."""
    reader, text = MarkdownIt(), FORMULA.sub(lambda found: _formula(found[1]), plain_markdown(text))
    return Markup(reader.renderInline(text) if inline else reader.render(text))


def equations_of(chapter: NotebookNode) -> list[tuple[str, Markup]]:
    """Returns the displayed equations of a chapter as MathML, each with the title of its section."""
    section, found = "", []
    for one in EQUATION.finditer(text_of(chapter)):
        section = one["section"] or section
        if one["tex"]:
            found.append((section, Markup(tex2mathml(one["tex"], as_block=True))))
    return found


def _formula(tex: str) -> str:
    """A formula as a picture that stands on the line of its words."""
    picture = io.BytesIO()
    depth = math_to_image(f"${tex}$", picture, format="svg", prop=FontProperties(size=POINTS))
    width = float(re.search(rb'<svg [^>]*?width="([\d.]+)pt"', picture.getvalue())[1])
    data = base64.b64encode(picture.getvalue()).decode()
    style = f"width: {width / POINTS:.2f}em; vertical-align: {-depth / POINTS:.2f}em"
    return str(Markup('<img alt="{}" style="{}" src="data:image/svg+xml;base64,{}">').format(tex, style, data))
