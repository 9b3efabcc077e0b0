"""How figures look and get onto a page: one style, one colour per method and per structure, alternative text on all."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import matplotlib.pyplot as plt
from IPython.display import display
from markupsafe import Markup
from matplotlib.figure import Figure

from drasclr_core.methods import row_of

STRUCTURES = {
    "lungs": "#9cc7e8",
    "airways": "#f2e6c9",
    "vessels": "#5b7fd4",
    "centrilobular": "#e0525f",
    "paraseptal": "#c68700",
}
"""The colour of each structure, the same in figures, reports and 3D views. Those of disease have a contrast of at least
3 to 1 on white and on the dark background of 3D views."""

_SIGN_OF_ZERO = re.compile(r"(?<![\w.])[-−](?=0(\.0+)?(?![\d.]*\d))")
_SIGN = re.compile(r"(?<![\w.])-(?=\d)")


def use_style() -> None:
    """Makes matplotlib draw in the book's style; call it once per notebook."""
    plt.style.use("drasclr_core.report.book")


def color(method: str) -> str:
    """Returns the colour of a method, the same in every figure of the book."""
    return row_of(method).color


def with_minus(text: str) -> str:
    """Returns a text with a minus sign before negative numbers, and none before zero."""
    return _SIGN.sub("−", _SIGN_OF_ZERO.sub("", text))


def image_html(content: bytes, kind: str, alt: str, caption: str = "") -> Markup:
    """Returns an image that a page holds itself, as HTML.

    Parameters
    ----------
    content : bytes
        The image file.
    kind : str
        Its subtype of ``image/``, such as ``png`` or ``svg+xml``.
    alt : str
        What a reader who cannot see the picture is told: what is drawn, and what it shows.
    caption : str
        The takeaway, to be read below the picture; empty for none (a book then takes the first sentence of `alt`).

    Raises
    ------
    ValueError
        `alt` is empty.
    """
    if not alt.strip():
        raise ValueError("the figure has no alternative text: say in one sentence what it shows")
    alt = with_minus(alt)
    html = Markup('<img src="data:image/{};base64,{}" alt="{}" style="max-width: 100%; height: auto;">')
    image = html.format(kind, base64.b64encode(content).decode(), alt)
    if not caption:
        return image
    return Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(image, with_minus(caption))


def figure_html(fig: Figure, alt: str, kind: str = "svg", caption: str = "") -> Markup:
    """Returns the figure as an image with alternative text and, if given, a caption (see `image_html`).

    Parameters
    ----------
    kind : {"svg", "png"}
        ``svg`` for plots (sharp at any zoom), ``png`` for CT images (an image of many pixels is smaller so).

    Raises
    ------
    ValueError
        `alt` is empty, or there is no such kind.
    """
    # Without a date and with the style's fixed hash salt the same figure gives the same bytes.
    formats = {"svg": ("svg+xml", {"Date": None}), "png": ("png", {})}
    if kind not in formats:
        raise ValueError(f"kind is {kind!r}; it must be one of {', '.join(formats)}")
    subtype, metadata = formats[kind]
    stream = io.BytesIO()
    fig.savefig(stream, format=kind, metadata=metadata)
    return image_html(stream.getvalue(), subtype, alt, caption)


def show(fig: Figure, alt: str, kind: str = "svg", caption: str = "") -> None:
    """Displays the figure with alternative text and closes it (parameters as in `figure_html`).

    An ``<img>`` in an HTML output, not matplotlib's own output, because neither Jupyter nor MyST-NB lets an image
    output carry alternative text.
    """
    display({"text/html": figure_html(fig, alt, kind, caption), "text/plain": f"[figure: {alt}]"}, raw=True)
    plt.close(fig)


def show_picture(path: str | Path, alt: str, caption: str = "") -> None:
    """Displays an image file (JPEG, PNG) with alternative text and, if given, a caption, inside the page."""
    kind = {".jpg": "jpeg", ".png": "png"}[Path(path).suffix]
    html = image_html(Path(path).read_bytes(), kind, alt, caption)
    display({"text/html": html, "text/plain": f"[picture: {alt}]"}, raw=True)
