"""Figures on pages: style, one colour per method, alternative text, the same bytes every time."""

import base64
import re
from unittest.mock import patch

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest

from drasclr_core.methods import row_of, rows
from drasclr_core.report import style as figures


@pytest.fixture
def fig():
    with plt.rc_context():
        figures.use_style()
        fig, axis = plt.subplots()
        axis.plot([0, 1], [1, 0], label="line")
        axis.set_xlabel("x")
        yield fig
        plt.close(fig)


def image_bytes(html):
    kind, data = re.search(r'src="data:image/(\S+);base64,([^"]+)"', html).groups()
    return kind, base64.b64decode(data)


@pytest.mark.parametrize(("kind", "mime", "start"), [("svg", "svg+xml", b"<?xml"), ("png", "png", b"\x89PNG")])
def test_one_self_contained_image_with_its_alternative_text(fig, kind, mime, start):
    html = figures.to_html(fig, 'a line of "slope" < 0', kind)
    assert 'alt="a line of &quot;slope&quot; &lt; 0"' in html
    found, data = image_bytes(html)
    assert found == mime
    assert data.startswith(start)
    assert html.count("<") == 1


def test_the_same_figure_gives_the_same_bytes(fig):
    assert figures.to_html(fig, "x") == figures.to_html(fig, "x")
    assert b"dc:date" not in image_bytes(figures.to_html(fig, "x"))[1]


def test_alternative_text_is_required_and_kind_is_checked(fig):
    with pytest.raises(ValueError, match="no alternative text"):
        figures.to_html(fig, " ")
    with pytest.raises(ValueError, match="'gif'"):
        figures.to_html(fig, "x", "gif")


def test_show_displays_and_closes(fig):
    with patch.object(figures, "display") as display:
        figures.show(fig, "a line")
    bundle = display.call_args.args[0]
    assert bundle["text/plain"] == "[figure: a line]"
    assert bundle["text/html"].startswith("<img")
    assert not plt.fignum_exists(fig.number)


def test_every_method_has_its_own_colour():
    colors = [figures.color(method) for method in rows()]
    assert len(set(colors)) == len(colors)


def test_a_method_from_outside_keeps_its_name_and_one_colour():
    assert row_of("mine").name == "mine"
    assert row_of("mine").paper == {}
    assert figures.color("mine") == figures.color("mine")
    assert figures.color("mine") not in [figures.color(method) for method in rows()]
