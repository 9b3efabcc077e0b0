"""A small thing to drag: numbers that the page computed, drawn by a script of the book (``_static/course.js``)."""

from __future__ import annotations

import json

import numpy as np
from markupsafe import Markup


class Widget:
    """A grid of computed numbers and the name of the drawing; without the book's script its text is shown.

    Parameters
    ----------
    kind : str
        Name of the drawing in ``_static/course.js``.
    data : dict
        JSON-able; arrays become lists, rounded to four digits behind the point.
    text : str
        What it shows, for those who cannot see or drag it.
    """

    def __init__(self, kind: str, data: dict, text: str):
        self.kind, self.data, self.text = kind, data, text

    def __repr__(self) -> str:
        return f"[in the book this can be dragged: {self.text}]"

    def _repr_html_(self) -> str:
        content = json.dumps(self.data, default=lambda array: np.round(array, 4).tolist()).replace("<", "\\u003c")
        frame = Markup('<div class="course-widget" data-kind="{}"><p class="course-widget-text">{}</p>')
        script = f'<script type="application/json">{content}</script></div>'
        return str(frame.format(self.kind, self.text)) + script


def show_widget(kind: str, data: dict, text: str) -> Widget:
    """Returns a widget for display (parameters as in `Widget`).

    Raises
    ------
    ValueError
        There is no text.
    """
    if not text.strip():
        raise ValueError("the widget has no text: say in one sentence what it shows")
    return Widget(kind, data, text)
