"""Texts in templates are escaped, HTML in them is not, and what a template asks for must be given."""

import jinja2
import pytest
from markupsafe import Markup

from drasclr_core.report.templates import render


def test_text_is_escaped_and_html_stands_as_it_is():
    assert '<div class="bare">a &lt; b</div>' in render("bare.html", content="a < b")
    inner = render("bare.html", content=Markup("<b>bold</b>"))
    assert render("bare.html", content=inner).count("<b>bold</b>") == 1


def test_missing_value_and_missing_template_are_errors():
    with pytest.raises(jinja2.UndefinedError, match="content"):
        render("bare.html")
    with pytest.raises(jinja2.TemplateNotFound, match="nothing"):
        render("nothing.html")
