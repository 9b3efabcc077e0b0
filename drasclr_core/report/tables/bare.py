"""HTML that takes the page's own colours, on light and on dark pages."""

from __future__ import annotations

from markupsafe import Markup

from drasclr_core.report.templates import render


def bare(html: str) -> Markup:
    """Returns the HTML with the page's text colour and no plate behind it; tables in it are left-aligned.

    Tables of pandas lose their class ``dataframe``, by which the theme would align and frame them.
    """
    return render("bare.html", content=Markup(str(html).replace('class="dataframe', 'class="')))
