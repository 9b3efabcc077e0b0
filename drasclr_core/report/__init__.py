"""How results look: style and colours, tables, figures, 3D views, the gallery of a cohort's scans, HTML templates."""

from drasclr_core.report.gallery import contact_sheet, write_gallery
from drasclr_core.report.style import (
    STRUCTURES,
    color,
    figure_html,
    image_html,
    show,
    show_picture,
    use_style,
    with_minus,
)
from drasclr_core.report.templates import render

__all__ = ["STRUCTURES", "color", "contact_sheet", "figure_html", "image_html", "render", "show", "show_picture",
           "use_style", "with_minus", "write_gallery"]  # fmt: skip
