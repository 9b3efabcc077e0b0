"""Figures on pages: style, one colour per method, alternative text, the same bytes every time."""

import base64
import re
from unittest.mock import patch

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import ImageColor

from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.methods import row_of, rows
from drasclr_core.report import style as figures
from drasclr_core.report.scenes.render import BACKGROUND, OPACITY


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
    html = figures.figure_html(fig, 'a line of "slope" < 0', kind)
    assert BeautifulSoup(html, "html.parser").img["alt"] == 'a line of "slope" < 0'
    found, data = image_bytes(html)
    assert found == mime
    assert data.startswith(start)
    assert html.count("<") == 1


def test_the_same_figure_gives_the_same_bytes(fig):
    assert figures.figure_html(fig, "x") == figures.figure_html(fig, "x")
    assert b"dc:date" not in image_bytes(figures.figure_html(fig, "x"))[1]


def test_alternative_text_is_required_and_kind_is_checked(fig):
    with pytest.raises(ValueError, match="no alternative text"):
        figures.figure_html(fig, " ")
    with pytest.raises(ValueError, match="'gif'"):
        figures.figure_html(fig, "x", "gif")


@pytest.mark.parametrize(
    ("given", "told"),
    [("from -0.21 to -0.00 (-3 to 4)", "from −0.21 to 0.00 (−3 to 4)"), ("-0.05, -0, -0.0.", "−0.05, 0, 0.0."),
     ("LAA-950, 2026-01-02, 1-off, p-0", "LAA-950, 2026-01-02, 1-off, p-0"), ("-10.5 and −0.0", "−10.5 and 0.0")],
)  # fmt: skip
def test_alternative_text_has_minus_signs(fig, given, told):
    assert f'alt="{told}"' in figures.figure_html(fig, given)


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


def test_every_structure_has_its_own_colour_and_disease_is_seen_on_light_and_dark():
    assert len(set(figures.STRUCTURES.values())) == len(figures.STRUCTURES) and set(OPACITY) == set(figures.STRUCTURES)
    for subtype in SUBTYPES:
        for behind in ("#ffffff", BACKGROUND):
            assert contrast(figures.STRUCTURES[subtype], behind) >= 3, f"{subtype} on {behind}"


def contrast(one, other):
    """The contrast ratio of two colours (WCAG 2)."""
    parts = np.array([ImageColor.getrgb(one), ImageColor.getrgb(other)]) / 255
    linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    dark, light = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return (light + 0.05) / (dark + 0.05)


def test_a_method_from_outside_keeps_its_name_and_one_colour():
    assert row_of("mine").name == "mine"
    assert row_of("mine").paper == {}
    assert figures.color("mine") == figures.color("mine")
    assert figures.color("mine") not in [figures.color(method) for method in rows()]
