"""HTML that takes the page's own colours, on light and on dark pages."""

from __future__ import annotations

# The theme puts a light plate behind HTML outputs of dark pages, for pictures. Text on it would be light on light.
_STYLE = """<style>
.text_html:has(> .bare) { background: none !important; padding: 0 !important; }
.bare { color: var(--pst-color-text-base, #222); overflow-x: auto; }
.bare table { display: table; border-collapse: collapse; margin: 0; color: inherit; line-height: 1.4;
  font-variant-numeric: tabular-nums; }
.bare tr { border-top: 1px solid var(--pst-color-border, #bbb); background: transparent !important; }
.bare th, .bare td { text-align: left; vertical-align: top; padding: 0.25em 0.6em 0.25em 0; border: 0; color: inherit;
  background: transparent; font-size: 0.8rem; }
.bare .one-line td, .bare .one-line th { font-size: 0.72rem; }
.bare .one-line td, .bare .one-line tbody th { white-space: nowrap; }
.bare summary { cursor: pointer; }
</style>"""


def bare(html: str) -> str:
    """The piece of HTML with the page's text colour and no plate behind it; tables in it are left-aligned.

    Tables of pandas lose their class ``dataframe``, by which the theme would align and frame them.
    """
    html = html.replace('class="dataframe', 'class="')
    return f'{_STYLE}<div class="bare">{html}</div>'
