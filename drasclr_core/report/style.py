"""How figures look and get onto a page: one style, one colour per method, alternative text on every picture."""

from __future__ import annotations

import base64
import io
from html import escape
from pathlib import Path

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure

from drasclr_core.methods import row_of

_MIME = {"svg": "image/svg+xml", "png": "image/png"}


def use_style() -> None:
    """Make matplotlib draw in the book's style; call it once per notebook."""
    plt.style.use("drasclr_core.report.book")


def color(method: str) -> str:
    """The colour of a method, the same in every figure of the book."""
    return row_of(method).color


def to_html(fig: Figure, alt: str, kind: str = "svg") -> str:
    """The figure as one self-contained HTML image with alternative text.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    alt : str
        What a reader who cannot see the picture is told: what is drawn, and what it shows. Must not be empty.
    kind : {"svg", "png"}
        ``svg`` for plots (sharp at any zoom), ``png`` for CT images (an image of many pixels is smaller so).
    """
    if not alt.strip():
        raise ValueError("the figure has no alternative text: say in one sentence what it shows")
    if kind not in _MIME:
        raise ValueError(f"kind is {kind!r}; it must be one of {', '.join(_MIME)}")
    # Without a date and with the style's fixed hash salt the same figure gives the same bytes.
    stream, stamp = io.BytesIO(), {"svg": {"Date": None}, "png": {}}[kind]
    fig.savefig(stream, format=kind, metadata=stamp)
    data = base64.b64encode(stream.getvalue()).decode()
    return f'<img src="data:{_MIME[kind]};base64,{data}" alt="{escape(alt)}" style="max-width: 100%; height: auto;">'


def show(fig: Figure, alt: str, kind: str = "svg") -> None:
    """Display the figure with alternative text and close it (parameters as in `to_html`).

    An ``<img>`` in an HTML output, not matplotlib's own output, because neither Jupyter nor MyST-NB lets an image
    output carry alternative text.
    """
    display({"text/html": to_html(fig, alt, kind), "text/plain": f"[figure: {alt}]"}, raw=True)
    plt.close(fig)


def show_picture(path: str | Path, alt: str) -> None:
    """Display an image file (JPEG, PNG) with alternative text, inside the page."""
    data = base64.b64encode(Path(path).read_bytes()).decode()
    kind = {".jpg": "jpeg", ".png": "png"}[Path(path).suffix]
    html = f'<img src="data:image/{kind};base64,{data}" alt="{escape(alt)}" style="max-width: 100%; height: auto;">'
    display({"text/html": html, "text/plain": f"[picture: {alt}]"}, raw=True)
